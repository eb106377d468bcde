"""An RGB student learns the height of forest trees from a LiDAR teacher: real data, IDTReeS 2020.

With 10 % of the labels, then with all; all crowns are pairs. Steps and learning rate are the student alone's best on
the validation stands at 10 %: R2 0.097 there, against 0.050 at 1e-3, 0.059 at 1e-4 and 0.010 for 500 steps.

One CPU core: 5 to 15 minutes a seed. R2 at 10 %, seeds 0, 1, 2: student 0.203, self 0.200, shuffled 0.109, distilled
0.232, teacher 0.549; at 100 %, seed 0: 0.240, 0.245, 0.100, 0.264, 0.648.

    xmodal train lidar_to_rgb_trees --set benchmark.root=PATH/TO/idtrees2020
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.trees import Trees, Window
from xmodal.distillers import PrivilegedValues
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, HorizontalFlip, QuarterTurn
from xmodal.modalities.lidar import PointNet
from xmodal.modalities.lidar.transforms import DropPoints, FlipY, Jitter, RotateZ

benchmark = dict(type=Trees, root="", labelled=(0.1, 1.0), window=dict(type=Window, most_points=256))
deploy = ("image",)
student = dict(type=TimmImage, backbone="test_resnet")
teachers = dict(
    lidar=dict(
        type=PointNet,
        features=6,
        part=5,  # the column that marks the points of the crown itself
        centre_m=(0.0, 0.0, 10.0),
        unit_m=(3.0, 3.0, 8.0),
        dropout=0.2,
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
schedule = dict(steps=200, labelled=32, paired=32, learning_rate=3e-4)
teacher_schedule = dict(steps=500, labelled=32, learning_rate=2e-3, weight_decay=0.01)
precision = "fp32"
