"""A camera learns a dense map in metres from a teacher with camera and LiDAR: its answers, and its features.

FSKD (arXiv 2604.01766): forest structure from aerial images. Evidence: described (re-implementation from the
description).

Faithful: a teacher that fuses image and LiDAR by cross-attention, an image student, maps in metres. Ours: the equations
(robust regression of the teacher's map, squared error of features behind a 1 x 1 convolution); one map, the depth of a
simulated street, instead of height, cover and profile of a forest; networks of our own instead of SegFormer.

On the validation scenes of seed 0, R2 and mean error of the depth: student alone 0.620 and 6.5 m, distilled 0.642 and
6.2 m, teacher 0.668 and 5.8 m. The weight 1 was set beforehand; nothing else was tried.

    xmodal train papers/fskd --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.street import Street
from xmodal.distillers import DenseRegressionKD
from xmodal.modalities.fusion import Fusion
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, HorizontalFlip, RandomCrop
from xmodal.modalities.lidar import PointEncoder
from xmodal.modalities.lidar.transforms import DropPoints, Jitter

paper = dict(
    system="FSKD",
    sensors="image + LiDAR -> image",
    evidence="described",
    without=("balance.weights.fskd=0.0",),
    reads="teachers.both.outputs.depth",
)
benchmark = dict(type=Street, scenes=300, labelled=40, val=40, test=100, tasks=("depth",))
deploy = ("image",)
student = dict(
    type=TimmImage,
    backbone="resnet18d",
    options=dict(channels=(32, 48, 96, 128), stem_width=16),
    token_stride=8,
    pyramid_width=48,
    levels=(1, 2, 3, 4),
)
teachers = dict(
    both=dict(
        type=Fusion,
        parts=dict(
            image=dict(
                type=TimmImage,
                backbone="resnet18d",
                options=dict(channels=(32, 48, 96, 128), stem_width=16),
                token_stride=8,
                pyramid_width=48,
                levels=(1, 2, 3, 4),
            ),
            lidar=dict(
                type=PointEncoder,
                width=32,
                depth=2,
                mlp_ratio=2.0,
                voxel_size_m=2.0,
                planes=("range", "xy"),
                cells=((1.6, 1.56), (2.0, 2.0)),
                view_deg=((-45.0, 45.0), (-16.0, 12.0)),
                extent_m=((0.0, 64.0), (-32.0, 32.0), (-4.0, 12.0)),
            ),
        ),
        width=32,
        depth=1,
        heads=2,
    )
)
distillers = dict(fskd=dict(type=DenseRegressionKD, tasks=("depth",), teacher="both"))
balance = dict(type=FixedWeights, weights=dict(task=1.0, fskd=1.0))
transforms = [dict(type=HorizontalFlip), dict(type=RandomCrop, size=(56, 160)), dict(type=ColorJitter)]
teacher_transforms = [dict(type=ColorJitter), dict(type=DropPoints, fraction=0.1), dict(type=Jitter, std_m=0.01)]
schedule = dict(steps=400, labelled=4, paired=6, learning_rate=4e-3)
teacher_schedule = dict(steps=300, labelled=8, learning_rate=4e-3)
