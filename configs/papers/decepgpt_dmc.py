"""An image student and a listener that train along learn back what a model of both senses says (DMC).

DecepGPT, arXiv 2603.23916: distillation-based modality consistency, which aligns the predictions of each modality
with the fused one to prevent shortcuts. Its equations are published in no form we could read: a re-implementation from
the description.

Faithful: fused and unimodal predictions train at the same time, the fused one teaches each modality.
Ours: T^2 KL with a stop at the fused side; the three are models of their own, not heads on shared encoders; digits and
speech for deception in video.

All weights of 1 and the temperature of 2 were set beforehand, 16 pairs a step are for its cost; no score chose
anything.

    xmodal train papers/decepgpt_dmc --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import FusedToParts, Supervised
from xmodal.modalities.audio import TimmAudio
from xmodal.modalities.audio.transforms import Gain, Noise, TimeShift
from xmodal.modalities.fusion import Fusion
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, RandomResizedCrop

paper = dict(
    system="DecepGPT DMC",
    sensors="image + audio -> image",
    evidence="described",
    without=("balance.weights.dmc=0.0",),
    reads="peers.both.outputs.digit",
)
benchmark = dict(type=DigitsAV, labelled=(100,))
deploy = ("image",)
student = dict(
    type=TimmImage, backbone="resnet10t", options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8)
)
peers = dict(
    audio=dict(
        type=TimmAudio,
        backbone="resnet10t",
        options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8),
        rate_hz=8000,
        settings=dict(
            rate_hz=8000, bins=40, frames=None, n_fft=256, window=200, hop=160, low_hz=80.0, mean=-2.3, scale=2.0
        ),
    ),
    both=dict(
        type=Fusion,
        parts=dict(
            image=dict(
                type=TimmImage,
                backbone="resnet10t",
                options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8),
            ),
            audio=dict(
                type=TimmAudio,
                backbone="resnet10t",
                options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8),
                rate_hz=8000,
                settings=dict(
                    rate_hz=8000,
                    bins=40,
                    frames=None,
                    n_fft=256,
                    window=200,
                    hop=160,
                    low_hz=80.0,
                    mean=-2.3,
                    scale=2.0,
                ),
            ),
        ),
        width=64,
        depth=1,
    ),
)
distillers = dict(
    dmc=dict(type=FusedToParts, task="digit", fused="both", parts=("student", "audio")),
    audio=dict(type=Supervised, teacher="audio"),
    both=dict(type=Supervised, teacher="both"),
)
balance = dict(type=FixedWeights, weights=dict(task=1.0, dmc=1.0))
transforms = [
    dict(type=TimeShift, longest_s=0.2, rate_hz=8000),
    dict(type=Gain),
    dict(type=Noise, low_db=5.0, high_db=30.0),
    dict(type=RandomResizedCrop, size=(32, 32), scale=(0.6, 1.0)),
    dict(type=ColorJitter),
]
schedule = dict(steps=300, labelled=32, paired=16, learning_rate=1e-2)
precision = "fp32"
