"""A model of image and sound answers from the image alone: each sense was denoised towards their weighted fusion (PTA).

Purify-then-Align, CVPR 2026, arXiv 2604.05584 (code Vongolia11/PTA), read in notes with its equations: a
re-implementation from the description.

Faithful: weights of the senses from labels held out of the head that judges them; their weighted fusion, without
gradient, teaches each sense through a 1-D DiffKD (MSE of the paper); random senses are dropped in training; DiffKD
counts 0.1. The student is that model itself, so that nothing else is taught.
Ours: one in four labelled training samples is held out, for the weights only (the paper takes the validation split;
here validation and test are left alone); a head of the distiller's own; first-order gradients; pooled vectors. The
baseline is the same fusion with the same drop, deployed without sound. The teacher named here is no part of the
mechanism: it is the ceiling, the same fusion with both senses at test time.

The weight 0.1 is the paper's and drop 0.5 was set beforehand; no score chose them. The student alone was tuned first,
on the validation images of seed 0, within a minute a seed for the distilled one: 0.438 with 500 steps of 24 images at
5e-3; 0.403 and 0.384 at 3e-3 and 8e-3; 0.419 with 450 steps of 32, 0.287 with 600 of 16, 0.372 with 300 of 32 at 3e-3.
It has not had enough then: 600 steps of 32 reach 0.492, and there, with 16 pairs a step, nothing was gained either.

    xmodal train papers/pta --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import PurifyThenAlign
from xmodal.modalities.audio import TimmAudio
from xmodal.modalities.audio.transforms import Gain, Noise, TimeShift
from xmodal.modalities.fusion import Fusion
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, RandomResizedCrop

_parts = dict(
    image=dict(
        type=TimmImage, backbone="resnet10t", options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8)
    ),
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
paper = dict(
    system="PTA",
    sensors="image + audio -> image",
    evidence="described",
    without=("balance.weights.pta=0.0",),
    reads="student.parts.audio.tokens.x",
)
benchmark = dict(type=DigitsAV, labelled=(100,))
deploy = ("image",)
student = dict(type=Fusion, parts=_parts, width=64, depth=1, drop=0.5)
teachers = dict(both=dict(type=Fusion, parts=_parts, width=64, depth=1))
distillers = dict(pta=dict(type=PurifyThenAlign, task="digit", parts=("image", "audio")))
balance = dict(type=FixedWeights, weights=dict(task=1.0, pta=0.1))
transforms = [
    dict(type=TimeShift, longest_s=0.2, rate_hz=8000),
    dict(type=Gain),
    dict(type=Noise, low_db=5.0, high_db=30.0),
    dict(type=RandomResizedCrop, size=(32, 32), scale=(0.6, 1.0)),
    dict(type=ColorJitter),
]
teacher_transforms = [
    dict(type=TimeShift, longest_s=0.2, rate_hz=8000),
    dict(type=Gain),
    dict(type=Noise, low_db=5.0, high_db=30.0),
    dict(type=RandomResizedCrop, size=(32, 32), scale=(0.6, 1.0)),
    dict(type=ColorJitter),
]
schedule = dict(steps=500, labelled=24, paired=0, learning_rate=5e-3)
teacher_schedule = dict(steps=300, learning_rate=3e-3)
precision = "fp32"
