"""An image student's view of a digit finds what a listening teacher made of that sample, among 512 others (CRD).

CRD, Tian, Krishnan, Isola, ICLR 2020, arXiv 1910.10699; exact (the released form, by code).

Faithful: noise-contrastive estimation both ways against two memories of all training samples, linear heads, T = 0.07,
momentum 0.5, the weight 0.8. Ours: 512 negatives and 64 channels (16384 and 128 there); negatives are all other
samples, those of the same digit included, since most have no label; the teacher has another sensor.

The weight is the source's, none was searched. On the validation images of seed 0: student alone 0.593, distilled 0.806,
teacher 0.771.

    xmodal train papers/crd --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import ContrastiveMemory
from xmodal.modalities.audio import TimmAudio
from xmodal.modalities.audio.transforms import Gain, Noise, TimeShift
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, RandomResizedCrop

paper = dict(
    system="CRD",
    sensors="audio -> image",
    evidence="exact; ours (negatives)",
    without=("balance.weights.memory=0.0",),
    reads="teachers.audio.pooled",
)
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
    )
)
distillers = dict(memory=dict(type=ContrastiveMemory, teacher="audio", samples=3087, dim=64, negatives=512))
balance = dict(type=FixedWeights, weights=dict(task=1.0, memory=0.8))
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
