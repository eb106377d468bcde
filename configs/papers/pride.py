"""An MRI student has a gated stream for the PET, which is dropped at random and always absent at test time.

PRIDE (Wu, Zhu, Wang), empathetic dialogue, arXiv 2606.23124. Evidence: described (re-implementation from the
description). Faithful: privileged information in training only, gated fusion with privileged dropout, one null state
in training and at test, reverse KL on answers and MMD on features against a teacher that saw it. Ours: all equations,
simulated heads with PET in the place of dialogue and its annotation, no reasoning prompt and no language model, all
weights. The student alone has the gated stream too, and so sees the PET of its labelled samples.

On the validation heads of seed 0, accuracy: student alone 0.530, distilled 0.687, teacher 0.857, with the weight of
`pet_to_mri_phantom` on the answers and 1 on the features; no other weights were tried.

    xmodal train papers/pride --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.phantom import Phantom
from xmodal.distillers import GatedPrivilege
from xmodal.modalities.fusion import PrivilegedStream
from xmodal.modalities.volume import VolumeConv
from xmodal.modalities.volume.transforms import FlipLeftRight

paper = dict(
    system="PRIDE",
    sensors="PET -> MRI",
    evidence="described",
    without=("balance.weights.pride/reverse_kl=0.0", "balance.weights.pride/mmd=0.0"),
    reads="teachers.pet.outputs.diagnosis",
)
benchmark = dict(type=Phantom, subjects=600, labelled=(60,))
deploy = ("volume/mri",)
student = dict(
    type=PrivilegedStream,
    own=dict(type=VolumeConv, key="volume/mri", widths=(8, 16, 32, 64), dropout=0.0),
    extra=dict(type=VolumeConv, key="volume/pet", widths=(8, 16, 32), dropout=0.0),
    drop=0.5,
)
teachers = dict(pet=dict(type=VolumeConv, key="volume/pet", widths=(8, 16, 32, 64), dropout=0.3))
distillers = dict(pride=dict(type=GatedPrivilege, task="diagnosis", teacher="pet"))
balance = dict(type=FixedWeights, weights={"task": 1.0, "pride/reverse_kl": 6.0, "pride/mmd": 1.0})
transforms = [dict(type=FlipLeftRight, keys=("volume/mri",))]
teacher_transforms = [dict(type=FlipLeftRight, keys=("volume/pet",))]
schedule = dict(steps=300, labelled=16, paired=32, learning_rate=3e-3, weight_decay=0.5)
teacher_schedule = dict(steps=200, learning_rate=1e-2)
