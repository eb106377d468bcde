"""A camera student's tokens replace the voxels that they look at inside a frozen LiDAR teacher (Switch-KD in 3-D).

Switch-KD, arXiv 2604.14629; described: a re-implementation from the description. Segmentation and depth,
no text.

Faithful: student features run through the upper part of a frozen teacher that stays in the graph; its logits with them
are compared with its own, by DBiLD at temperature 2.
Ours: everything three-dimensional. Image tokens are carried over the pairs of pixels and points to the voxels of the
teacher's fifth layer; voxels that no token sees keep the teacher's own; only the replaced ones are compared. There is
no term between the student's own logits and the teacher's.

No gain on the validation scenes of seed 0: the student alone reaches 0.346 (the teacher 0.585), distilled at weight 1
0.328 (layer 3, 6 pairs) and 0.331 (layer 4, 3 pairs, soft labels at temperature 2 in place of DBiLD). What is shipped
here has layer 4, the labelled pairs alone and a quarter of that weight.

    xmodal train papers/switch_kd_3d --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.street import Street
from xmodal.distillers import PairedSwitch
from xmodal.losses import DBiLDLoss
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, HorizontalFlip, RandomCrop
from xmodal.modalities.lidar import PointEncoder
from xmodal.modalities.lidar.transforms import DropPoints, FlipY, Jitter

paper = dict(
    system="Switch-KD (3-D)",
    sensors="LiDAR -> image",
    evidence="described; ours (the 3-D form)",
    without=("balance.weights.switch=0.0",),
    reads="teachers.lidar.outputs.segmentation",
)
benchmark = dict(type=Street, scenes=300, labelled=40, val=40, test=100)
deploy = ("image",)
student = dict(
    type=TimmImage,
    backbone="resnet18d",
    options=dict(channels=(32, 48, 96, 128), stem_width=16),
    token_stride=4,
    pyramid_width=48,
    levels=(1, 2, 3, 4),
)
teachers = dict(
    lidar=dict(
        type=PointEncoder,
        width=48,
        mlp_ratio=2.0,
        voxel_size_m=0.4,
        planes=("range", "xy", "range", "xz"),
        cells=((0.4, 0.78), (0.6, 0.6), (0.8, 1.56), (0.6, 0.4)),
        view_deg=((-45.0, 45.0), (-16.0, 12.0)),
        extent_m=((0.0, 64.0), (-32.0, 32.0), (-4.0, 12.0)),
    )
)
distillers = dict(
    switch=dict(
        type=PairedSwitch,
        task="segmentation",
        teacher="lidar",
        layer=4,
        loss=dict(type=DBiLDLoss, temperature=2.0, reduction="none"),
    )
)
balance = dict(type=FixedWeights, weights=dict(task=1.0, switch=0.25))
transforms = [dict(type=HorizontalFlip), dict(type=RandomCrop, size=(56, 160)), dict(type=ColorJitter)]
teacher_transforms = [dict(type=FlipY), dict(type=DropPoints, fraction=0.1), dict(type=Jitter, std_m=0.01)]
schedule = dict(steps=400, labelled=4, paired=0, learning_rate=4e-3)
teacher_schedule = dict(steps=200, labelled=8, learning_rate=5e-3)
