"""An image student learns from a teacher of three views (RGB, edges, fine detail) that are mixed by weights from text.

TMKD, Powerful Teachers Matter, arXiv 2603.24208. Its equations are published in no form we could read: a
re-implementation from the description.

Faithful: the teacher sees visual priors of the student's own picture; prompts that name the view and the class, encoded
by a CLIP text tower, weigh the views; the mixture's features and logits are distilled, and a vision-language contrast
trains the student. None of it is there at test time.
Ours: all equations; Sobel's edges and the difference to a Gaussian blur; the teacher's answer as class where there is
no label. The text tower has no pretraining: it learned the digits from the captions of the labelled samples.

The weights, 1 for logits and 0.5 for the other terms, and the temperature of 2 were set beforehand; no score chose
anything.

    xmodal train papers/tmkd --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import PromptedViews
from xmodal.modalities.image import TimmImage, Views
from xmodal.modalities.image.transforms import ColorJitter, RandomResizedCrop
from xmodal.modalities.text import OpenClipText

_backbone = dict(
    type=TimmImage, backbone="resnet10t", options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8)
)
_clip = dict(
    embed_dim=64,
    vision_cfg=dict(image_size=32, layers=(1, 1, 1, 1), width=16, head_width=64),
    text_cfg=dict(context_length=32, vocab_size=49408, width=64, heads=4, layers=2),
)
paper = dict(
    system="TMKD",
    sensors="image views + text -> image",
    evidence="described",
    without=("balance.weights.tmkd=0.0",),
    reads="teachers.views.parts.edge.pooled",
)
benchmark = dict(type=DigitsAV, labelled=(100,))
deploy = ("image",)
student = _backbone
teachers = dict(
    views=dict(type=Views, parts=dict(rgb=_backbone, edge=_backbone, detail=_backbone)),
    text=dict(type=OpenClipText, model=_clip),
)
distillers = dict(
    tmkd=dict(
        type=PromptedViews,
        task="digit",
        teacher="views",
        text="text",
        prompts=dict(rgb="a photo of a {}", edge="an edge map of a {}", detail="a high-frequency detail image of a {}"),
        temperature=2.0,
    )
)
balance = dict(
    type=FixedWeights,
    weights={"task": 1.0, "tmkd": 0.5, "tmkd/logits": 1.0},
)
transforms = [
    dict(type=RandomResizedCrop, size=(32, 32), scale=(0.6, 1.0)),
    dict(type=ColorJitter),
]
teacher_transforms = [
    dict(type=RandomResizedCrop, size=(32, 32), scale=(0.6, 1.0)),
    dict(type=ColorJitter),
]
schedule = dict(steps=300, labelled=32, paired=64, learning_rate=1e-2)
teacher_schedule = dict(steps=300, learning_rate=5e-3)
precision = "fp32"
