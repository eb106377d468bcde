"""An image student matches the summaries and the tokens of two frozen models, by a head for each of them.

AM-RADIO, CVPR 2024, arXiv 2312.06709. Evidence: recalled. Faithful: a perceptron for each teacher and kind; 1 - cos
on summaries, 0.9 (1 - cos) + 0.1 smooth L1 on tokens; a teacher without spatial tokens that fit has a summary alone.
Ours: small teachers trained on the labels (one hears the digit; one sees and hears it) instead of foundation models,
and the student's own task beside the matching.

On the validation images of seed 0: student alone 0.593, distilled 0.729, the teachers 0.771 (sound) and 0.659
(both), with weights 2, set beforehand; nothing else was tried.

    xmodal train papers/am_radio --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import RadioHeads
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
    audio=dict(type=RadioHeads, teacher="audio", targets=dict(summary=None), hidden=128),
    both=dict(type=RadioHeads, teacher="both", targets=dict(summary=None, tokens=None), hidden=128),
)
balance = dict(type=FixedWeights, weights=dict(task=1.0, audio=2.0, both=2.0))
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
    system="AM-RADIO",
    sensors="audio + image and audio -> image",
    evidence="recalled",
    without=("balance.weights.audio=0.0", "balance.weights.both=0.0"),
    reads="teachers.both.tokens.x",
)
