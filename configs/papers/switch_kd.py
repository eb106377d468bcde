"""An image student's visual tokens are run through the language path of a frozen image-and-caption teacher (Switch-KD)."""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import VisualSwitch
from xmodal.losses import DBiLDLoss
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, RandomResizedCrop
from xmodal.modalities.text import CausalLM, VisionLanguage

paper = dict(
    system="Switch-KD",
    sensors="image + text -> image",
    evidence="described",
    without=("balance.weights.switch/switch=0.0",),
    reads="teachers.vlm.outputs.digit",
)
benchmark = dict(type=DigitsAV, labelled=(100,))
deploy = ("image",)
student = dict(
    type=TimmImage, backbone="resnet10t", options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8)
)
teachers = dict(
    vlm=dict(
        type=VisionLanguage,
        image=dict(
            type=TimmImage,
            backbone="resnet10t",
            options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8),
        ),
        language=dict(type=CausalLM, tokenizer="clip", width=64, depth=2, heads=4, context=32),
        next_token=False,
    )
)
distillers = dict(
    switch=dict(
        type=VisualSwitch, output="digit", teacher="vlm", loss=dict(type=DBiLDLoss, temperature=2.0, reduction="none")
    )
)
balance = dict(type=FixedWeights, weights={"task": 1.0, "switch/align": 0.5, "switch/switch": 0.5})
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
