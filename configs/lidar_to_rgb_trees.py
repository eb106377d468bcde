"""An RGB student learns the height of forest trees from a LiDAR teacher: real data, IDTReeS 2020.

xmodal train lidar_to_rgb_trees --set benchmark.root=PATH/TO/idtrees2020
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.trees import Trees, Window
from xmodal.distillers import PrivilegedValues
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, HorizontalFlip, QuarterTurn
from xmodal.modalities.lidar import PointEncoder
from xmodal.modalities.lidar.transforms import DropPoints, FlipY, Jitter, RotateZ

benchmark = dict(type=Trees, root="", labels=(0.1, 1.0), window=dict(type=Window, most_points=256))
deploy = ("image",)
student = dict(type=TimmImage, backbone="test_resnet")
teachers = dict(
    lidar=dict(
        type=PointEncoder,
        features=6,
        width=64,
        depth=3,
        mlp_ratio=2.0,
        voxel_size_m=0.5,
        planes=("xz", "yz", "xy"),
        cells=((1.0, 1.0), (1.0, 1.0), (1.0, 1.0)),
        extent_m=((-7.5, 7.5), (-7.5, 7.5), (-2.0, 60.0)),
    )
)
distillers = dict(soft=dict(type=PrivilegedValues, task="height", teacher="lidar", beta=3.5, scale=7.0))
balance = dict(type=FixedWeights, weights=dict(task=1.0, soft=2.0))
transforms = [dict(type=HorizontalFlip), dict(type=QuarterTurn), dict(type=ColorJitter)]
teacher_transforms = [
    dict(type=RotateZ, degrees=180.0),
    dict(type=FlipY),
    dict(type=DropPoints, fraction=0.3),
    dict(type=Jitter, std_m=0.05),
]
schedule = dict(steps=500, labelled=32, paired=32, learning_rate=1e-3)
teacher_schedule = dict(steps=500, labelled=32, learning_rate=2e-3, weight_decay=0.01)
precision = "fp32"
