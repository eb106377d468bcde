"""An image student learns from nothing but the sharpened, then smoothed average of three teachers of differing bias.

TIPS, arXiv 2603.16985 (financial series), a re-implementation from the description; equation and coefficients are
ours. Evidence: described. Faithful: teachers of one architecture trained on labels one by one; the average of their
logits at a temperature below 1, label-smoothed, as the student's target instead of the labels. Ours: three teachers
instead of seven, which listen in short, usual and long windows where the source masks and biases attention; another
sensor than the student's; no averaging of late checkpoints. The task weighs 0.001, not 0, as the student alone is
trained by the same weight: Adam does not feel the scale there, and beside the committee the labels all but vanish.

On the validation images of seed 0: student alone 0.570, distilled 0.876, the teachers 0.760, 0.783 and 0.690. The
temperature, the smoothing and the weights were set beforehand; nothing else was tried.

    xmodal train papers/tips --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import LowTemperatureCommittee
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
    short=dict(
        type=TimmAudio,
        backbone="resnet10t",
        options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8),
        rate_hz=8000,
        settings=dict(
            rate_hz=8000, bins=40, frames=None, n_fft=256, window=80, hop=80, low_hz=80.0, mean=-2.3, scale=2.0
        ),
    ),
    usual=dict(
        type=TimmAudio,
        backbone="resnet10t",
        options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8),
        rate_hz=8000,
        settings=dict(
            rate_hz=8000, bins=40, frames=None, n_fft=256, window=200, hop=160, low_hz=80.0, mean=-2.3, scale=2.0
        ),
    ),
    long=dict(
        type=TimmAudio,
        backbone="resnet10t",
        options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8),
        rate_hz=8000,
        settings=dict(
            rate_hz=8000, bins=40, frames=None, n_fft=512, window=480, hop=240, low_hz=80.0, mean=-2.3, scale=2.0
        ),
    ),
)
distillers = dict(
    committee=dict(
        type=LowTemperatureCommittee,
        task="digit",
        teachers=("short", "usual", "long"),
        temperature=0.5,
        smoothing=0.1,
    )
)
balance = dict(type=FixedWeights, weights=dict(task=0.001, committee=1.0))
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
    system="TIPS",
    sensors="audio -> image",
    evidence="described",
    without=("balance.weights.committee=0.0",),
    reads="teachers.usual.outputs.digit",
)
