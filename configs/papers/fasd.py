"""A light LiDAR student takes over a heavy LiDAR teacher's features in the cells that both have, and its answers.

FASD (arXiv 2409.11018), a re-implementation from the description. Evidence: described; ancestor (sparse distillation).
Faithful: an adapter of the student; features compared only where both have voxels; distillation of the heads. Ours:
every equation; a heat-map and segmentation proxy on the simulated street, no detection heads; convolutions over pillars
of eight and of 48 channels, where the source has a Mamba network and a transformer with voxel groups, so that its
adapter between different sets of voxels has nothing to do here; one sensor on both sides, as in the source.

On the validation scenes of seed 0, with one set of weights and the schedules of the other recipes from above: student
alone 0.497, distilled 0.518, teacher 0.645. The small student was not tuned on its own.

    xmodal train papers/fasd --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.street import StreetBEV
from xmodal.benchmarks.street.bev_transforms import MirrorStreet
from xmodal.distillers import FASD
from xmodal.modalities.lidar import BevPoints

benchmark = dict(type=StreetBEV, scenes=300, labelled=300, val=40, test=100)
deploy = ("lidar",)
student = dict(type=BevPoints, height_m=(-4.0, 4.0), widths=(8, 8, 16), width=8)
teachers = dict(lidar=dict(type=BevPoints, height_m=(-4.0, 4.0), widths=(32, 48, 64), width=48))
distillers = dict(fasd=dict(type=FASD, task="bev", teacher="lidar"))
balance = dict(type=FixedWeights, weights={"task": 1.0, "fasd/feature": 1.0, "fasd/response": 1.0})
transforms = [dict(type=MirrorStreet, key="lidar")]
teacher_transforms = [dict(type=MirrorStreet, key="lidar")]
schedule = dict(steps=400, labelled=8, paired=0, learning_rate=1e-2)
teacher_schedule = dict(steps=400, labelled=16, learning_rate=1e-2)
paper = dict(
    system="FASD",
    sensors="LiDAR -> LiDAR",
    evidence="described; ancestor (sparse distillation)",
    without=("balance.weights.fasd/feature=0.0", "balance.weights.fasd/response=0.0"),
    reads="teachers.lidar.layers.0.x",
)
