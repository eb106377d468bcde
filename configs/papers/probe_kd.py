"""An MRI student learns a diagnosis from what a linear probe reads in a hidden layer of a PET teacher (PROBE-KD).

PROBE-KD, arXiv 2603.12270; described: a re-implementation from the description.

Faithful: the teacher is frozen, a light probe on its hidden states is trained with the task's labels, its
probabilities and not the teacher's are the soft labels. Ours: a linear probe on the mean of the layer before the last,
fitted once before training with an L2 penalty, T^2 KL at T = 2; images in place of questions.

The weight, the layer, T and the penalty were not searched.

    xmodal train papers/probe_kd --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.phantom import Phantom
from xmodal.distillers import ProbeLabels
from xmodal.modalities.volume import VolumeConv
from xmodal.modalities.volume.transforms import FlipLeftRight

paper = dict(
    system="PROBE-KD",
    sensors="PET -> MRI",
    evidence="described; ours (equations)",
    without=("balance.weights.probe=0.0",),
    reads="teachers.pet.layers.2.x",
)
benchmark = dict(type=Phantom, subjects=600, labelled=(60,))
deploy = ("volume/mri",)
student = dict(type=VolumeConv, key="volume/mri", widths=(8, 16, 32, 64), dropout=0.0)
teachers = dict(pet=dict(type=VolumeConv, key="volume/pet", widths=(8, 16, 32, 64), dropout=0.3))
distillers = dict(probe=dict(type=ProbeLabels, task="diagnosis", teacher="pet", layer=2))
balance = dict(type=FixedWeights, weights=dict(task=1.0, probe=2.0))
# Each scan is flipped by itself: what the teacher says of a head does not depend on its side.
transforms = [dict(type=FlipLeftRight, keys=("volume/mri",))]
teacher_transforms = [dict(type=FlipLeftRight, keys=("volume/pet",))]
schedule = dict(steps=300, labelled=16, paired=32, learning_rate=3e-3, weight_decay=0.5)
teacher_schedule = dict(steps=200, learning_rate=1e-2)
