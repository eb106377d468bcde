"""An image student and an audio teacher learn digits side by side and find each other's embeddings by contrast.

C-CKD, "Multimodal training to unimodal deployment", arXiv 2603.22530. Evidence: described (re-implementation from the
description); ancestor (CRD, InfoNCE). Faithful: the teacher trains along, a contrastive term moves both, a contrastive
distillation term moves the student alone, which is deployed alone. Ours: all equations, pictures and voices of digits
in the place of health records and notes, all weights. The teacher's row of the table is the same audio network trained
by itself; the distilled arm never sees it.

On the validation images of seed 0, accuracy: student alone 0.593, distilled 0.767, teacher 0.771, with all weights 1,
a temperature of 0.07 and 64 pairs a step; nothing else was tried. What is shipped here has 48 pairs, for its cost.

    xmodal train papers/c_ckd --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import JointContrast, Supervised
from xmodal.modalities.audio import TimmAudio
from xmodal.modalities.audio.transforms import Gain, Noise, TimeShift
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, RandomResizedCrop

paper = dict(
    system="C-CKD",
    sensors="audio -> image",
    evidence="described; ancestor (CRD, InfoNCE)",
    without=("balance.weights.joint/contrast=0.0", "balance.weights.joint/distil=0.0"),
    reads="peers.voice.pooled",
)
benchmark = dict(type=DigitsAV, labelled=(100,))
deploy = ("image",)
student = dict(
    type=TimmImage, backbone="resnet10t", options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8)
)
_audio = dict(
    type=TimmAudio,
    backbone="resnet10t",
    options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8),
    rate_hz=8000,
    settings=dict(
        rate_hz=8000, bins=40, frames=None, n_fft=256, window=200, hop=160, low_hz=80.0, mean=-2.3, scale=2.0
    ),
)
teachers = dict(audio=_audio)
peers = dict(voice=_audio)
distillers = dict(
    voice=dict(type=Supervised, teacher="voice"),
    joint=dict(type=JointContrast, teacher="voice", positives="sample", temperature=0.07),
)
balance = dict(type=FixedWeights, weights={"task": 1.0, "voice": 1.0, "joint/contrast": 1.0, "joint/distil": 1.0})
transforms = [
    dict(type=RandomResizedCrop, size=(32, 32), scale=(0.6, 1.0)),
    dict(type=ColorJitter),
]
teacher_transforms = [
    dict(type=TimeShift, longest_s=0.2, rate_hz=8000),
    dict(type=Gain),
    dict(type=Noise, low_db=5.0, high_db=30.0),
]
schedule = dict(steps=300, labelled=32, paired=48, learning_rate=1e-2)
teacher_schedule = dict(steps=300, learning_rate=3e-3)
precision = "fp32"
