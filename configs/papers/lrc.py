"""An MRI student clones all layers of a PET teacher through trained maps of low rank (the activations of LRC).

Low-Rank Clone, NeurIPS 2025, arXiv 2505.12781; exact (the loss of the activations, by code); ours (a free student).

Faithful: mean squared error of every layer, summed, with the weight 0.2; KL of the answers at T = 40. Not there: what
gives the method its name. LRC's student has no weights of its own, they are trained low-rank projections of the
teacher's. Ours: a student with weights of its own, whose layers rank-8 maps bring to the teacher's; layer outputs only;
the KL is multiplied by T^2; two scans of one head on one grid, mirrored together, so that voxels stay in register.

The weights are the source's; none was searched.

    xmodal train papers/lrc --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.phantom import Phantom
from xmodal.distillers import ActivationClone, Compare
from xmodal.losses import KDLoss
from xmodal.modalities.volume import VolumeConv
from xmodal.modalities.volume.transforms import FlipLeftRight

paper = dict(
    system="LRC",
    sensors="PET -> MRI",
    evidence="exact; ours (a free student)",
    without=(
        "balance.weights.clone/layer0=0.0",
        "balance.weights.clone/layer1=0.0",
        "balance.weights.clone/layer2=0.0",
        "balance.weights.clone/layer3=0.0",
    ),
    reads="teachers.pet.layers.1.x",
)
benchmark = dict(type=Phantom, subjects=600, labelled=(60,))
deploy = ("volume/mri",)
student = dict(type=VolumeConv, key="volume/mri", widths=(8, 16, 32, 64), dropout=0.0)
teachers = dict(pet=dict(type=VolumeConv, key="volume/pet", widths=(8, 16, 32, 64), dropout=0.3))
distillers = dict(
    clone=dict(type=ActivationClone, teacher="pet", rank=8),
    answer=dict(
        type=Compare,
        what="output",
        task="diagnosis",
        teacher="pet",
        loss=dict(type=KDLoss, temperature=40.0, reduction="none"),
    ),
)
balance = dict(
    type=FixedWeights,
    weights={
        "task": 1.0,
        "answer": 1.0,
        "clone/layer0": 0.2,
        "clone/layer1": 0.2,
        "clone/layer2": 0.2,
        "clone/layer3": 0.2,
    },
)
transforms = [dict(type=FlipLeftRight, keys=("volume/mri", "volume/pet"))]
teacher_transforms = [dict(type=FlipLeftRight, keys=("volume/pet",))]
schedule = dict(steps=300, labelled=16, paired=32, learning_rate=3e-3, weight_decay=0.5)
teacher_schedule = dict(steps=200, learning_rate=1e-2)
