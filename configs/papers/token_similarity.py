"""An image student finds the same parts of a street alike as a LiDAR teacher does (pair-wise affinity).

Pair-wise distillation, Liu et al., CVPR 2019, arXiv 1903.04197; ancestor; ours (between sensors).

Faithful: cosines between the places of one sample, mean squared difference from the teacher's. Ours: the teacher's
tokens are points, carried to the image cells in which they fall; a region is the mean of its cells that any point
reaches; the weight; no detection heads, segmentation of cells.

The weight was set so that the term begins at about a sixth of the segmentation's loss, and was not searched.

    xmodal train papers/token_similarity --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.street import Street
from xmodal.distillers import TokenSimilarity
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, HorizontalFlip, RandomCrop
from xmodal.modalities.lidar import PointEncoder
from xmodal.modalities.lidar.transforms import DropPoints, FlipY, Jitter

paper = dict(
    system="Pair-wise affinity",
    sensors="LiDAR -> image",
    evidence="ancestor; ours",
    without=("balance.weights.similar=0.0",),
    reads="teachers.lidar.tokens.x",
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
distillers = dict(similar=dict(type=TokenSimilarity, teacher="lidar", regions=(14, 20)))
balance = dict(type=FixedWeights, weights=dict(task=1.0, similar=5.0))
transforms = [dict(type=HorizontalFlip), dict(type=RandomCrop, size=(56, 160)), dict(type=ColorJitter)]
teacher_transforms = [dict(type=FlipY), dict(type=DropPoints, fraction=0.1), dict(type=Jitter, std_m=0.01)]
schedule = dict(steps=400, labelled=4, paired=6, learning_rate=4e-3)
teacher_schedule = dict(steps=200, labelled=8, learning_rate=5e-3)
