"""An MRI student learns from a PET teacher's soft answers, the privileged information of generalized distillation.

Lopez-Paz, Bottou, Schoelkopf, Vapnik, "Unifying distillation and privileged information", ICLR 2016, arXiv 1511.03643.
Evidence: recalled (standard equation). Faithful: the teacher learns from the privileged input alone; the student's
loss is (1 - lambda) x labels + lambda x cross-entropy with softmax(teacher / T), no T^2; here divided by 1 - lambda,
so that lambda = 6/7 stands as task=1, soft=6. Ours: simulated heads, the networks, lambda, T, and that pairs without a
label take part in the second term.

Weights and temperature are those that `pet_to_mri_phantom` was given on 1,000 validation heads of seed 0; nothing else
was tried here.

    xmodal train papers/lupi --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.phantom import Phantom
from xmodal.distillers import Privileged
from xmodal.modalities.volume import VolumeConv
from xmodal.modalities.volume.transforms import FlipLeftRight

paper = dict(
    system="LUPI",
    sensors="PET -> MRI",
    evidence="recalled",
    without=("balance.weights.soft=0.0",),
    reads="teachers.pet.outputs.diagnosis",
)
benchmark = dict(type=Phantom, subjects=600, labelled=(60,))
deploy = ("volume/mri",)
student = dict(type=VolumeConv, key="volume/mri", widths=(8, 16, 32, 64), dropout=0.0)
teachers = dict(pet=dict(type=VolumeConv, key="volume/pet", widths=(8, 16, 32, 64), dropout=0.3))
distillers = dict(soft=dict(type=Privileged, task="diagnosis", teacher="pet", temperature=1.0))
balance = dict(type=FixedWeights, weights=dict(task=1.0, soft=6.0))
transforms = [dict(type=FlipLeftRight, keys=("volume/mri",))]
teacher_transforms = [dict(type=FlipLeftRight, keys=("volume/pet",))]
schedule = dict(steps=300, labelled=16, paired=32, learning_rate=3e-3, weight_decay=0.5)
teacher_schedule = dict(steps=200, learning_rate=1e-2)
