"""A LiDAR student learns two layers of an image teacher, its summary, and by diffusion where the ground is taken.

HilDA (ECCV 2026, arXiv 2606.20189), in its published direction. Evidence: described (re-implementation from the
description).

Faithful: two layers matched separately by cosine behind perceptrons of their own, the largest point features against
the teacher's summary, a conditional denoiser of a map of occupancy without ground. Ours: the street has no next sweep,
so that the map is of the scan itself and the denoiser sees half of the tokens; the mean of the teacher's last map is
its summary; layers of 8 and 16 px; one training instead of pre-training and fine-tuning; all weights.

The student alone was tuned first on the validation scenes of seed 0 (see papers/scalr: 0.557). The weights were set
beforehand: at an earlier schedule, 200 steps at 5e-3, distilled reached 0.435 and the student alone 0.434.
Computed in float32: products of ragged batches are slower in bfloat16 on a CPU.

    xmodal train papers/hilda --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.street import Street
from xmodal.distillers import HilDA, OccupancyDiffusion
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, HorizontalFlip, RandomCrop
from xmodal.modalities.lidar import PointEncoder
from xmodal.modalities.lidar.transforms import DropPoints, FlipY, Jitter

paper = dict(
    system="HilDA",
    sensors="image -> LiDAR",
    evidence="described",
    without=("balance.weights.hilda=0.0", "balance.weights.hilda/global=0.0"),
    reads="teachers.image.layers.2.x",
)
benchmark = dict(type=Street, scenes=300, labelled=40, val=40, test=100)
deploy = ("lidar",)
student = dict(
    type=PointEncoder,
    width=32,
    depth=4,
    mlp_ratio=2.0,
    voxel_size_m=0.4,
    planes=("range", "xy", "range", "xz"),
    cells=((0.4, 0.78), (0.6, 0.6), (0.8, 1.56), (0.6, 0.4)),
    view_deg=((-45.0, 45.0), (-16.0, 12.0)),
    extent_m=((0.0, 64.0), (-32.0, 32.0), (-4.0, 12.0)),
)
teachers = dict(
    image=dict(
        type=TimmImage,
        backbone="resnet18d",
        options=dict(channels=(32, 48, 96, 128), stem_width=16),
        token_stride=4,
        pyramid_width=48,
        levels=(1, 2, 3, 4),
    )
)
distillers = dict(
    hilda=dict(
        type=HilDA,
        teacher="image",
        layers=((2, 1), (3, 2)),
        hidden=64,
        occupancy=dict(type=OccupancyDiffusion, sweep="lidar", hidden=0.5),
    )
)
balance = dict(type=FixedWeights, weights={"task": 1.0, "hilda": 0.3, "hilda/global": 0.003})
transforms = [dict(type=FlipY), dict(type=DropPoints, fraction=0.1), dict(type=Jitter, std_m=0.01)]
teacher_transforms = [dict(type=HorizontalFlip), dict(type=RandomCrop, size=(56, 160)), dict(type=ColorJitter)]
schedule = dict(steps=250, labelled=4, paired=3, learning_rate=2e-2)
teacher_schedule = dict(steps=400, labelled=4, learning_rate=4e-3)
precision = "fp32"
