"""An RGB student learns semantic segmentation and depth from a LiDAR teacher, on the simulated street.

60 of 600 scenes are labelled; all 600 are pairs. Labels, student, steps and learning rate are the same in every arm.
The student is a thin ResNet-18 (2.0 M parameters). The learning rate is the student alone's best on the validation
scenes of seed 0: 2e-3, 4e-3, 6e-3, 8e-3 and 1.2e-2 gave 0.427, 0.428, 0.437, 0.439 and 0.432.

One CPU core: about 15 minutes a seed. mIoU over seeds 0, 1, 2: student 0.447, self 0.464, shuffled 0.199, distilled
0.544, teacher 0.696.

    xmodal train lidar_to_rgb_street --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.street import Street
from xmodal.distillers import Privileged, PrivilegedValues, TokenAlign
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, HorizontalFlip, RandomCrop
from xmodal.modalities.lidar import PointEncoder
from xmodal.modalities.lidar.transforms import DropPoints, FlipY, Jitter

benchmark = dict(type=Street, scenes=600, labelled=60)
deploy = ("image",)
student = dict(
    type=TimmImage,
    backbone="resnet18d",
    options=dict(channels=(48, 64, 128, 192), stem_width=16),
    token_stride=4,
    pyramid_width=64,
    levels=(1, 2, 3, 4),
)
teachers = dict(
    lidar=dict(
        type=PointEncoder,
        width=64,
        mlp_ratio=2.0,
        voxel_size_m=0.4,
        planes=("range", "xy", "range", "xz", "range", "xy"),
        cells=((0.4, 0.78), (0.6, 0.6), (0.8, 1.56), (0.6, 0.4), (1.6, 3.1), (1.2, 1.2)),
        view_deg=((-45.0, 45.0), (-16.0, 12.0)),
        extent_m=((0.0, 64.0), (-32.0, 32.0), (-4.0, 12.0)),
    )
)
distillers = dict(
    soft=dict(type=Privileged, task="segmentation", teacher="lidar", level="tokens"),
    metres=dict(type=PrivilegedValues, task="depth", teacher="lidar", level="tokens", beta=10.0, scale=10.0),
    tokens=dict(type=TokenAlign, teacher="lidar"),
)
balance = dict(type=FixedWeights, weights=dict(task=1.0, soft=4.0, metres=1.0, tokens=0.5))
transforms = [
    dict(type=HorizontalFlip),
    dict(type=RandomCrop, size=(56, 160)),
    dict(type=ColorJitter),
]
# No rotation and no scaling: they would change the depths that the labels state.
teacher_transforms = [
    dict(type=FlipY),
    dict(type=DropPoints, fraction=0.1),
    dict(type=Jitter, std_m=0.01),
]
schedule = dict(steps=1500, labelled=4, paired=12, learning_rate=8e-3)
teacher_schedule = dict(steps=300, labelled=8, learning_rate=5e-3)
