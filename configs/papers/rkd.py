"""An image student keeps the distances and angles between samples that a teacher finds that hears the digits (RKD).

RKD, Park, Kim, Lu, Cho, CVPR 2019, arXiv 1904.05068; exact (authors' form as in mdistiller).

Faithful: smooth L1 of distances, each side divided by its mean, and of the angles of all triplets, of the pooled
vectors in the batch, with the weights 25 and 50. Ours: the teacher has another sensor; most samples of a batch have
no label.

The weights are the source's, none was searched. On the validation images of seed 0: student alone 0.593, distilled
0.736, teacher 0.771.

    xmodal train papers/rkd --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import Relational
from xmodal.modalities.audio import TimmAudio
from xmodal.modalities.audio.transforms import Gain, Noise, TimeShift
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, RandomResizedCrop

paper = dict(
    system="RKD",
    sensors="audio -> image",
    evidence="exact",
    without=("balance.weights.rkd/distance=0.0", "balance.weights.rkd/angle=0.0"),
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
distillers = dict(rkd=dict(type=Relational, teacher="audio"))
balance = dict(type=FixedWeights, weights={"task": 1.0, "rkd/distance": 25.0, "rkd/angle": 50.0})
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
