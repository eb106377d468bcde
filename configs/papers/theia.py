"""An image student predicts the standardised token maps of two models, each through a light convolution.

Theia, CoRL 2024, authors' code. Evidence: exact (loss, standardisation); ours (layout of the convolution). Faithful:
teacher tokens standardised by fixed statistics taken once before training; 0.9 (1 - cos) of the whole map and 0.1
smooth L1, averaged over the teachers. Ours: small teachers trained on the labels (one sees and hears the digit, one
is a wider image model), and the student's own task beside it.

On the validation images of seed 0: student alone 0.593, distilled 0.643, the teachers 0.659 (both) and 0.415 (wide
image model), with 64 pairs a step; what is shipped here has 48, for its cost. The weights 1 were set beforehand;
nothing else was tried.

    xmodal train papers/theia --seeds 0 1 2
"""

from xmodal.balance import FixedStandardizer, FixedWeights
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import TheiaHeads
from xmodal.modalities.audio import TimmAudio
from xmodal.modalities.audio.transforms import Gain, Noise, TimeShift
from xmodal.modalities.fusion import Fusion
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, RandomResizedCrop

benchmark = dict(type=DigitsAV, labelled=(100,))
deploy = ("image",)
student = dict(
    type=TimmImage, backbone="resnet10t", options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8)
)
teachers = dict(
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
    wide=dict(
        type=TimmImage, backbone="resnet10t", options=dict(channels=(32, 64, 128, 192), stem_width=16, output_stride=8)
    ),
)
distillers = dict(
    both=dict(type=TheiaHeads, teacher="both", standardizer=dict(type=FixedStandardizer, width=64)),
    wide=dict(type=TheiaHeads, teacher="wide", standardizer=dict(type=FixedStandardizer, width=192)),
)
balance = dict(type=FixedWeights, weights=dict(task=1.0, both=1.0, wide=1.0))
transforms = [
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
schedule = dict(steps=300, labelled=32, paired=48, learning_rate=1e-2)
teacher_schedule = dict(steps=300, learning_rate=3e-3)
precision = "fp32"
paper = dict(
    system="Theia",
    sensors="image and audio + image -> image",
    evidence="exact; ours",
    without=("balance.weights.both=0.0", "balance.weights.wide=0.0"),
    reads="teachers.both.tokens.x",
)
