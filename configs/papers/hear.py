"""A small audio student predicts, at hidden frames, tokens distilled from a larger audio model's frames (HEAR).

HEAR, arXiv 2603.26098; exact (loss of the tokenizer and masked prediction, by code); ours (one run).

Faithful: a tokenizer with a hard Gumbel choice, trained by 0.3 MSE of spectra + 0.7 (1 - cosine) to the teacher's
frames + 0.1 diversity; cross-entropy of hidden frames for its tokens. The mask is the stated one, 40 % by a uniform
draw, padding excluded: the released code draws from a normal distribution and hides 65 %. Ours: 64 codes of 16
channels for 1024 of 32; the tokenizer is fitted in 400 steps before training; prediction and labels are learned at
once, not one after the other; hidden frames are silent; a teacher trained here on 100 labels; the student is a
transformer of 25 frames.

The weight and the student's learning rate were not searched.

    xmodal train papers/hear --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import HEAR
from xmodal.modalities.audio import TimmAudio
from xmodal.modalities.audio.transforms import Gain, Noise, TimeShift

paper = dict(
    system="HEAR",
    sensors="audio -> audio",
    evidence="exact; ours (one run)",
    without=("balance.weights.masked=0.0",),
    reads="batch.entries.audio",
)
benchmark = dict(type=DigitsAV, labelled=(100,))
deploy = ("audio",)
student = dict(
    type=TimmAudio,
    backbone="vit_tiny_patch16_224",
    options=dict(img_size=(40, 50), patch_size=(40, 2), embed_dim=64, depth=3, num_heads=4),
    rate_hz=8000,
    settings=dict(rate_hz=8000, bins=40, frames=50, n_fft=256, window=200, hop=160, low_hz=80.0, mean=-2.3, scale=2.0),
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
distillers = dict(
    masked=dict(type=HEAR, key="audio", teacher="audio", codes=64, code_width=16, hidden=64, fit_steps=400)
)
balance = dict(type=FixedWeights, weights=dict(task=1.0, masked=1.0))
transforms = [
    dict(type=TimeShift, longest_s=0.2, rate_hz=8000),
    dict(type=Gain),
    dict(type=Noise, low_db=5.0, high_db=30.0),
]
teacher_transforms = [
    dict(type=TimeShift, longest_s=0.2, rate_hz=8000),
    dict(type=Gain),
    dict(type=Noise, low_db=5.0, high_db=30.0),
]
schedule = dict(steps=300, labelled=32, paired=64, learning_rate=3e-3)
teacher_schedule = dict(steps=300, learning_rate=3e-3)
precision = "fp32"
