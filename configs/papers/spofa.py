"""An image student is asked for the digit at every stage; stages and samples that disagree with their past count less.

SPOFA, arXiv 2606.24557, authors' code. Evidence: exact. Faithful: OFA-KD with a LayerNorm in each projector; each
stage weighed by the cosine of its logits with the teacher's against its running mean; each sample by the cosine of
the gradients of both losses at its logits; all weights 1, eps = 1. Ours: a teacher with another sensor, a small
network; samples without label keep weight 1.

On the validation images of seed 0: student alone 0.593, distilled 0.884 (without its weights, `ofa_kd`: 0.891), teacher
0.771. The weights are the source's; none was searched.

    xmodal train papers/spofa --seeds 0 1 2
"""

from xmodal.balance import Agreement
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import NormedStageLogits
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
    audio=dict(
        type=TimmAudio,
        backbone="resnet10t",
        options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8),
        rate_hz=8000,
        settings=dict(
            rate_hz=8000, bins=40, frames=None, n_fft=256, window=200, hop=160, low_hz=80.0, mean=-2.3, scale=2.0
        ),
    ),
)
distillers = dict(stages=dict(type=NormedStageLogits, task="digit", teacher="audio", eps=1.0))
balance = dict(
    type=Agreement,
    task="digit",
    distilled="stages/final",
    stages={
        "stages/stage0": "stages/agree0",
        "stages/stage1": "stages/agree1",
        "stages/stage2": "stages/agree2",
        "stages/stage3": "stages/agree3",
        "stages/stage4": "stages/agree4",
    },
    weights=dict(task=1.0, stages=1.0),
)
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
    system="SPOFA",
    sensors="audio -> image",
    evidence="exact",
    without=("balance.weights.stages=0.0",),
    reads="teachers.audio.outputs.digit",
)
