"""An image student learns digits beside its own head from a listener trained in another domain and used as it is.

Zero-shot cross-domain distillation for music recommendation, arXiv 2603.28994: the ranker of a video service teaches
music rankers without any training on music. Its equations are published in no form we could read: a re-implementation
from the description.

Faithful: the teacher knows another domain alone and is not adapted; a distillation head on the student's trunk learns
its scores, and the head that is served learns labels only.
Ours: the domains. The teacher heard speech in loud noise (-5 to 5 dB) and answers for clean speech; it has as many
labels as the student, not a hundred times as many. Ten classes and cross-entropy in place of ranking scores.

The weight 1 was set beforehand; no score chose anything.

    xmodal train papers/cross_domain --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import DistillationHead
from xmodal.modalities.audio import TimmAudio
from xmodal.modalities.audio.transforms import Gain, Noise, TimeShift
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, RandomResizedCrop

paper = dict(
    system="Zero-shot cross-domain KD",
    sensors="audio -> image",
    evidence="described",
    without=("balance.weights.head=0.0",),
    reads="teachers.audio.outputs.digit",
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
distillers = dict(head=dict(type=DistillationHead, task="digit", teacher="audio"))
balance = dict(type=FixedWeights, weights=dict(task=1.0, head=1.0))
transforms = [
    dict(type=RandomResizedCrop, size=(32, 32), scale=(0.6, 1.0)),
    dict(type=ColorJitter),
]
teacher_transforms = [
    dict(type=TimeShift, longest_s=0.2, rate_hz=8000),
    dict(type=Gain),
    dict(type=Noise, low_db=-5.0, high_db=5.0),  # the teacher's domain: it trains on no clean speech
]
schedule = dict(steps=300, labelled=32, paired=64, learning_rate=1e-2)
teacher_schedule = dict(steps=300, learning_rate=3e-3)
precision = "fp32"
