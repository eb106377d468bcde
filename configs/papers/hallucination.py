"""One of two MRI branches of a student imitates the middle of a PET network, and both answer at test time.

Hoffman, Gupta, Darrell, "Learning with side information through modality hallucination", CVPR 2016. Evidence: recalled.
Faithful: the hallucinating branch sees the sensor at hand, its loss is |sigmoid - sigmoid|^2 against one mid-level
layer of the network of the absent one, the tasks of all branches are added, and the branches are fused at test time.
Ours: simulated heads instead of colour and depth images, a frozen PET network, fusion by a head on both pooled
vectors, the layer (the last map before pooling) and all weights. Both scans are flipped together, because features
are compared place by place. The student alone has both branches too.

Chosen on the validation heads of seed 0, accuracy: third map of four, weight 0.1: 0.573, weight 1: 0.587; last map,
weight 1: 0.613; student alone 0.590. That is no clear gain, with 300 heads.

    xmodal train papers/hallucination --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.phantom import Phantom
from xmodal.distillers import BranchTasks, Hallucination
from xmodal.modalities.fusion import Branches
from xmodal.modalities.volume import VolumeConv
from xmodal.modalities.volume.transforms import FlipLeftRight

paper = dict(
    system="Modality hallucination",
    sensors="PET -> MRI",
    evidence="recalled",
    without=("balance.weights.hallucination=0.0",),
    reads="teachers.pet.layers.3.x",
)
benchmark = dict(type=Phantom, subjects=600, labelled=(60,))
deploy = ("volume/mri",)
student = dict(
    type=Branches,
    parts=dict(
        mri=dict(type=VolumeConv, key="volume/mri", widths=(8, 16, 32, 64), dropout=0.0),
        hallucination=dict(type=VolumeConv, key="volume/mri", widths=(8, 16, 32, 64), dropout=0.0),
    ),
)
teachers = dict(pet=dict(type=VolumeConv, key="volume/pet", widths=(8, 16, 32, 64), dropout=0.3))
distillers = dict(
    hallucination=dict(type=Hallucination, branch="hallucination", layer=3, teacher="pet"),
    branches=dict(type=BranchTasks, branches=("mri", "hallucination")),
)
balance = dict(type=FixedWeights, weights=dict(task=1.0, hallucination=1.0, branches=1.0))
transforms = [dict(type=FlipLeftRight, keys=("volume/mri", "volume/pet"))]
teacher_transforms = [dict(type=FlipLeftRight, keys=("volume/pet",))]
schedule = dict(steps=300, labelled=16, paired=32, learning_rate=3e-3, weight_decay=0.5)
teacher_schedule = dict(steps=200, learning_rate=1e-2)
