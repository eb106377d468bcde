"""An image student learns digits from a mixture of experts whose router learns, from labels, which to believe.

MoEKD, arXiv 2603.13213 (models of source code), a re-implementation from the description; equations of an ancestor,
gated multi-teacher distillation. Evidence: described; ancestor (gated multi-teacher KD). Faithful: experts trained
first and frozen; a router trained by the cross-entropy of the mixture; T^2 KL of the student to the mixture. Ours:
what the router reads (the experts' pooled features), experts with another sensor than the student, digits instead of
code.

On the validation images of seed 0: student alone 0.593, distilled 0.829 (by the plain average of `average` 0.822), the
experts 0.771 (sound) and 0.516 (caption). The weights and T = 2 were set beforehand; nothing else was tried.

    xmodal train papers/moekd --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import GatedMixture
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
    moe=dict(type=GatedMixture, task="digit", teachers=("audio", "clip"), form="probabilities", temperature=2.0)
)
balance = dict(type=FixedWeights, weights={"task": 1.0, "moe": 1.0, "moe/load": 0.01})
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
    system="MoEKD",
    sensors="audio + image and text -> image",
    evidence="described; ancestor (gated multi-teacher KD)",
    without=("balance.weights.moe=0.0",),
    reads="teachers.audio.outputs.digit",
)
