"""An image student's tokens and answers are denoised by diffusion models of a LiDAR teacher's, then compared (DiffKD).

DiffKD, Huang et al., NeurIPS 2023, arXiv 2305.15712; exact (by code).

Faithful: teacher autoencoder, noise adapter, five DDIM steps over the lower half of the levels, gradient through all of
them, squared difference of latents and T^2 KL of denoised logits, all terms with weight 1; trained with the student.
Ours: tokens and logits of a point cloud, carried to the image cells they fall in and each denoised alone, in place of
maps and of logits of one image; no detection heads, segmentation of cells.

The weights are the source's; none was searched. Computed in float32, with the labelled pairs alone and
360 steps in place of 400 for everybody, for its cost.

    xmodal train papers/diffkd --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.street import Street
from xmodal.distillers import DiffKD
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, HorizontalFlip, RandomCrop
from xmodal.modalities.lidar import PointEncoder
from xmodal.modalities.lidar.transforms import DropPoints, FlipY, Jitter

paper = dict(
    system="DiffKD",
    sensors="LiDAR -> image",
    evidence="exact; ours (tokens of two sensors)",
    without=("balance.weights.denoised=0.0",),
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
distillers = dict(denoised=dict(type=DiffKD, teacher="lidar", task="segmentation"))
balance = dict(type=FixedWeights, weights=dict(task=1.0, denoised=1.0))
transforms = [dict(type=HorizontalFlip), dict(type=RandomCrop, size=(56, 160)), dict(type=ColorJitter)]
teacher_transforms = [dict(type=FlipY), dict(type=DropPoints, fraction=0.1), dict(type=Jitter, std_m=0.01)]
schedule = dict(steps=360, labelled=4, paired=0, learning_rate=4e-3)
teacher_schedule = dict(steps=200, labelled=8, learning_rate=5e-3)
precision = "fp32"
