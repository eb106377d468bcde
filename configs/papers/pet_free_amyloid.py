"""An MRI student attends from MRI to MRI where its teacher, of the same build, attended from PET to MRI.

PET-guided MRI amyloid detection (Chiumento et al.), arXiv 2604.12574, code
FrancescoChiumento/pet-guided-mri-amyloid-detection. Evidence: exact (losses, schedules, attention); ours (the rest).

Faithful: one encoder for both scans, projection, cross-attention and self-attention of the teacher, three phases:
classify, triplet alignment (the last third of the teacher's training), distillation of a student that begins as the
teacher, with margin focal, unit-feature and T^2 BCE terms, whose weights, temperature and margin follow the source's
epochs as shares of the steps.
Ours: simulated heads with dementia in the place of amyloid; the eight cells of a small 3-D network's last map in the
place of 25 slices through BiomedCLIP with LoRA; width 64 and dropout 0.1; negatives of another diagnosis, as there is
no Centiloid scale; one learning rate and one decay for all weights; the task's own linear head, which the student takes
over instead of a fresh one; the plain cross-entropy with the labels, which every arm has here, stays at 0.1. Both scans
are flipped together.

On the validation heads of seed 0, accuracy: the student alone, tuned first, 0.543 with a weight decay of 0.05 or
without dropout, 0.523 with a decay of 0.5, 0.530 and 0.527 at learning rates of 1e-3 and 1e-2; distilled 0.653, teacher
0.777 (with the decay of 0.5 0.677). With 2-D convolutions on 9 sagittal slices and width 32 before: student
alone 0.580 and 0.560, distilled 0.617 and 0.540, teacher 0.527 and 0.617. The weights of the terms are the source's.

    xmodal train papers/pet_free_amyloid --seeds 0 1 2
"""

from xmodal.balance import FixedWeights, Stages
from xmodal.benchmarks.phantom import Phantom
from xmodal.distillers import AmyloidAlignment, PETFreeAmyloid
from xmodal.modalities.volume import SliceAttention, VolumeConv
from xmodal.modalities.volume.transforms import FlipLeftRight

paper = dict(
    system="PET-free amyloid",
    sensors="PET + MRI -> MRI",
    evidence="exact; ours (scale, encoder)",
    without=("balance.weights.amyloid/feature=0.0", "balance.weights.amyloid/logit=0.0"),
    reads="teachers.pet.pooled",
)
_encoder = dict(type=VolumeConv, key="volume/mri", widths=(8, 16, 32, 64), dropout=0.0)
benchmark = dict(type=Phantom, subjects=600, labelled=(60,))
deploy = ("volume/mri",)
student = dict(
    type=SliceAttention, encoder=_encoder, query="volume/mri", key="volume/mri", width=64, dropout=(0.1, 0.1)
)
teachers = dict(
    pet=dict(type=SliceAttention, encoder=_encoder, query="volume/pet", key="volume/mri", width=64, dropout=(0.1, 0.1))
)
start = "pet"
teacher_distillers = dict(pet=dict(align=dict(type=AmyloidAlignment, task="diagnosis", apart=(1.0,))))
# Two thirds classify, one third aligns, as 30 and 15 epochs do; the collapse terms rise as in the source.
teacher_balance = dict(
    pet=dict(
        type=FixedWeights,
        weights={
            "task": 1.0,
            "align/triplet": dict(type=Stages, points=((0.0, 0.0), (0.667, 1.0))),
            "align/norm": dict(type=Stages, points=((0.0, 0.0), (0.667, 0.01))),
            "align/spread": dict(
                type=Stages, points=((0.0, 0.0), (0.666, 0.0), (0.667, 0.1), (0.733, 0.1), (0.933, 1.0)), linear=True
            ),
            "align/negative": dict(
                type=Stages, points=((0.0, 0.0), (0.666, 0.0), (0.667, 0.05), (0.733, 0.05), (0.933, 0.5)), linear=True
            ),
        },
    )
)
distillers = dict(amyloid=dict(type=PETFreeAmyloid, task="diagnosis", teacher="pet"))
balance = dict(
    type=FixedWeights,
    weights={
        "task": 0.1,
        "amyloid/class": dict(type=Stages, points=((0.0, 0.3), (0.1, 0.4)), linear=True),
        "amyloid/feature": dict(type=Stages, points=((0.0, 0.5), (0.1, 0.4)), linear=True),
        "amyloid/logit": 0.2,
    },
)
transforms = [dict(type=FlipLeftRight, keys=("volume/mri", "volume/pet"))]
teacher_transforms = [dict(type=FlipLeftRight, keys=("volume/mri", "volume/pet"))]
schedule = dict(steps=300, labelled=16, paired=32, learning_rate=3e-3, weight_decay=0.05)
teacher_schedule = dict(steps=300, learning_rate=3e-3, weight_decay=0.05)
