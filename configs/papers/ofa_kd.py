"""An image student is asked for the digit at every stage, and told each time what a teacher that hears it answers.

OFA-KD, NeurIPS 2023, authors' code. Evidence: exact (the loss and where it acts). Faithful: separable convolutions
from each stage to class logits, L_ofa of these and of the final logits against the teacher's final logits, so that
the two need nothing in common; eps = 1, as on CIFAR. Ours: a teacher with another sensor, a small network.

On the validation images of seed 0: student alone 0.593, distilled 0.891, teacher 0.771. The weights are the source's;
none was searched.

    xmodal train papers/ofa_kd --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import StageLogits
from xmodal.modalities.audio import TimmAudio
from xmodal.modalities.audio.transforms import Gain, Noise, TimeShift
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, RandomResizedCrop

benchmark = dict(type=DigitsAV, labelled=(100,))
deploy = ("image",)
student = dict(
    type=TimmImage, backbone="resnet10t", options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8)
)
teachers = dict(
    audio=dict(
        type=TimmAudio,
        backbone="resnet10t",
        options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8),
        rate_hz=8000,
        settings=dict(
            rate_hz=8000, bins=40, frames=None, n_fft=256, window=200, hop=160, low_hz=80.0, mean=-2.3, scale=2.0
        ),
    ),
)
distillers = dict(stages=dict(type=StageLogits, task="digit", teacher="audio", eps=1.0))
balance = dict(type=FixedWeights, weights=dict(task=1.0, stages=1.0))
transforms = [
    dict(type=RandomResizedCrop, size=(32, 32), scale=(0.6, 1.0)),
    dict(type=ColorJitter),
]
teacher_transforms = [
    dict(type=TimeShift, longest_s=0.2, rate_hz=8000),
    dict(type=Gain),
    dict(type=Noise, low_db=5.0, high_db=30.0),
]
schedule = dict(steps=300, labelled=32, paired=64, learning_rate=1e-2)
teacher_schedule = dict(steps=300, learning_rate=3e-3)
precision = "fp32"
paper = dict(
    system="OFA-KD",
    sensors="audio -> image",
    evidence="exact",
    without=("balance.weights.stages=0.0",),
    reads="teachers.audio.outputs.digit",
)
