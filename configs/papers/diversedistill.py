"""An image student asks a teacher that hears and one that reads, and learns from their answers (DiverseDistill).

DiverseDistill ("Wisdom of Committee"), arXiv 2402.14035; described: a re-implementation from the description (no code,
no readable equations).

Faithful: a learned question-answer mechanism between the student and several frozen teachers of other kinds, entered
at intermediate layers; a learned importance of each teacher for each sample, and no pass for those of little use;
the whole module is dropped after training.
Ours: all equations. A question is added to the teacher's own tokens (the audio network's fourth map, the tokens of the
picture before the caption), so that an answer knows what the teacher heard or read; answers are kept from collapsing
by the digit and by what the teacher says itself; teachers are asked where their importance reaches 0.25.

On the validation images of seed 0: audio teacher 0.736, the one that reads 0.481, student alone 0.593, distilled 0.655.
Nothing was searched.

    xmodal train papers/diversedistill --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import QuestionAnswer
from xmodal.modalities.audio import TimmAudio
from xmodal.modalities.audio.transforms import Gain, Noise, TimeShift
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, RandomResizedCrop
from xmodal.modalities.text import CausalLM, VisionLanguage

paper = dict(
    system="DiverseDistill",
    sensors="audio, image + text -> image",
    evidence="described",
    without=("balance.weights.ask=0.0",),
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
    ),
    vlm=dict(
        type=VisionLanguage,
        image=dict(
            type=TimmImage,
            backbone="resnet10t",
            options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8),
        ),
        language=dict(type=CausalLM, tokenizer="clip", width=64, depth=2, heads=4, context=32),
        next_token=False,
    ),
)
distillers = dict(
    ask=dict(
        type=QuestionAnswer,
        teachers=("audio", "vlm"),
        task="digit",
        layers=dict(audio=3),
        form="added",
        least=0.25,
    )
)
balance = dict(type=FixedWeights, weights=dict(task=1.0, ask=1.0))
transforms = [
    dict(type=RandomResizedCrop, size=(32, 32), scale=(0.6, 1.0)),
    dict(type=ColorJitter),
]
teacher_transforms = [
    dict(type=RandomResizedCrop, size=(32, 32), scale=(0.6, 1.0)),
    dict(type=ColorJitter),
    dict(type=TimeShift, longest_s=0.2, rate_hz=8000),
    dict(type=Gain),
    dict(type=Noise, low_db=5.0, high_db=30.0),
]
schedule = dict(steps=300, labelled=32, paired=64, learning_rate=1e-2)
teacher_schedule = dict(steps=300, learning_rate=3e-3)
precision = "fp32"
