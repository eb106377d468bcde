"""A camera learns depths from an expert with a laser scanner: its answers are imitated, its latent is found again.

Omni-View and cross-modality distillation, ICRA 2026, arXiv 2603.20679: a depth policy that sees all around teaches a
policy with one RGB camera. Its equations are published in no form we could read: a re-implementation from the
description.

Faithful: the student imitates the expert's actions, which are regression answers, and its latent finds the expert's
among those of other trajectories.
Ours: the proxy. No robot acts here: the actions are the depths in metres of all image patches, and the expert is a
LiDAR network; smooth L1, and InfoNCE of pooled vectors. Every scene is its own trajectory, so that no negatives are
near duplicates.

The weights, 1 for actions and 0.1 for the latent, were set beforehand; no score chose anything.

    xmodal train papers/omni_view --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.street import Street
from xmodal.distillers import PolicyImitation
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, HorizontalFlip, RandomCrop
from xmodal.modalities.lidar import PointEncoder
from xmodal.modalities.lidar.transforms import DropPoints, FlipY, Jitter

paper = dict(
    system="Omni-View KD",
    sensors="LiDAR -> RGB",
    evidence="described",
    without=("balance.weights.imitate/actions=0.0", "balance.weights.imitate/latent=0.0"),
    reads="teachers.lidar.outputs.depth",
)
benchmark = dict(type=Street, scenes=300, labelled=40, val=40, test=100, tasks=("depth",))
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
    imitate=dict(type=PolicyImitation, task="depth", teacher="lidar", level="tokens", beta=10.0, scale=10.0)
)
balance = dict(type=FixedWeights, weights={"task": 1.0, "imitate/actions": 1.0, "imitate/latent": 0.1})
transforms = [dict(type=HorizontalFlip), dict(type=RandomCrop, size=(56, 160)), dict(type=ColorJitter)]
teacher_transforms = [dict(type=FlipY), dict(type=DropPoints, fraction=0.1), dict(type=Jitter, std_m=0.01)]
schedule = dict(steps=400, labelled=4, paired=6, learning_rate=4e-3)
teacher_schedule = dict(steps=200, labelled=8, learning_rate=5e-3)
