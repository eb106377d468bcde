"""An image student learns from two models by ladders over all its layers; each image drops the teacher it knows.

UNIC, ECCV 2024, authors' code. Evidence: exact. Faithful: targets standardised by running statistics; projectors from
every layer, summed; half 1 - cos and half smooth L1, summaries and tokens averaged; of an image's teachers the worst
learned stays, every other is dropped with probability 0.5. Ours: small teachers trained on the labels (one hears the
digit, summary alone; one sees and hears it), narrower ladders, a layer's summary is the mean of its map, and the
student's own task beside it.

On the validation images of seed 0: student alone 0.593, distilled 0.740, the teachers 0.771 (sound) and 0.659 (both).
The weights, 2 for sound and 1 for both, were set beforehand; nothing else was tried.

    xmodal train papers/unic --seeds 0 1 2
"""

from xmodal.balance import EMAStandardizer, TeacherDropping
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import UnicHeads
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
    audio=dict(
        type=UnicHeads,
        teacher="audio",
        targets=dict(summary=dict(type=EMAStandardizer, width=128)),
        hidden=64,
        last=256,
    ),
    both=dict(
        type=UnicHeads,
        teacher="both",
        targets=dict(summary=dict(type=EMAStandardizer, width=64), tokens=dict(type=EMAStandardizer, width=64)),
        hidden=64,
        last=256,
    ),
)
balance = dict(
    type=TeacherDropping,
    teachers=dict(audio=("audio",), both=("both",)),
    weights=dict(task=1.0, audio=2.0, both=1.0),
)
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
schedule = dict(steps=300, labelled=32, paired=64, learning_rate=1e-2)
teacher_schedule = dict(steps=300, learning_rate=3e-3)
precision = "fp32"
paper = dict(
    system="UNIC",
    sensors="audio + image and audio -> image",
    evidence="exact",
    without=("balance.weights.audio=0.0", "balance.weights.both=0.0"),
    reads="teachers.both.tokens.x",
)
