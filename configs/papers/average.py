"""An image student learns digits from the average of two teachers, one that hears and one that reads captions.

The usual ensemble distillation, Hinton, Vinyals, Dean, arXiv 1503.02531, with a committee. Evidence: exact (the
loss). Faithful: T^2 KL to the average of the teachers, of their probabilities here, at T = 2; teachers trained one by
one on the labels and frozen. Ours: the teachers read other sensors than the student.

On the validation images of seed 0: student alone 0.593, distilled 0.822, the teachers 0.771 (sound) and 0.516
(caption). The weight 1 and T = 2 were set beforehand; nothing else was tried.

    xmodal train papers/average --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import AverageCommittee
from xmodal.modalities.audio import TimmAudio
from xmodal.modalities.audio.transforms import Gain, Noise, TimeShift
from xmodal.modalities.fusion import Fusion
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, RandomResizedCrop
from xmodal.modalities.text import OpenClipImage, OpenClipText

_clip = dict(
    embed_dim=64,
    vision_cfg=dict(image_size=32, layers=(1, 1, 1, 1), width=16, head_width=64),
    text_cfg=dict(context_length=32, vocab_size=49408, width=64, heads=4, layers=2),
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
    ),
    clip=dict(
        type=Fusion,
        parts=dict(image=dict(type=OpenClipImage, model=_clip), text=dict(type=OpenClipText, model=_clip)),
        width=64,
        depth=1,
    ),
)
distillers = dict(
    average=dict(type=AverageCommittee, task="digit", teachers=("audio", "clip"), form="probabilities", temperature=2.0)
)
balance = dict(type=FixedWeights, weights=dict(task=1.0, average=1.0))
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
    system="Average of teachers",
    sensors="audio + image and text -> image",
    evidence="exact",
    without=("balance.weights.average=0.0",),
    reads="teachers.audio.outputs.digit",
)
