"""An EEG student with one electrode mimics a mixture of its teacher's layers, mixed anew for each input (DLink).

DLink, arXiv 2604.15016; described: a re-implementation from the description (abstracts; no code, no readable
equations). Real data: SSVEP exoskeleton, four classes; a quarter of the training trials labelled, all are pairs.

Faithful: a light router mixes the layers of a frozen teacher by input; the student is projected to the teacher's
width, mimics the mixture in value and in magnitude and phase spectrum, and is then compressed over electrodes and
patches before a small classifier; teacher and router are dropped.
Ours: all equations and weights. The router learns from the labels through a head of its own. The teacher is a small
transformer over spectra of eight electrodes, trained from random weights, not an EEG foundation model; its mixture is
averaged over the electrodes, because the student has Oz alone.

No gain: over the six validation subjects of seed 0 the student alone reaches 0.396, distilled 0.360 and the teacher
itself 0.370; there is nothing to learn from it at this size of data. With patches of one second, embedded by their
samples as well, they were near chance on three of the subjects. The weights were not searched.

    xmodal train papers/dlink --seeds 0 1 2 --set benchmark.root=PATH/TO/ssvep-exo
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.ssvep import Ssvep
from xmodal.distillers import Compare, LayerRouter
from xmodal.losses import KDLoss
from xmodal.modalities.eeg import EEGPatches, ProjectCompress

paper = dict(
    system="DLink",
    sensors="EEG (8 electrodes) -> EEG (Oz)",
    evidence="described",
    without=("balance.weights.route=0.0",),
    reads="teachers.electrodes.layers.1.x",
)
benchmark = dict(type=Ssvep, root="", labelled=(0.25,))
deploy = ("eeg/oz",)
student = dict(
    type=ProjectCompress,
    adapter=dict(type=EEGPatches, key="eeg/oz", channels=1, rate_hz=128.0, width=32, depth=1, unit_uv=1.0),
    token_width=64,
    width=32,
)
teachers = dict(electrodes=dict(type=EEGPatches, channels=8, rate_hz=128.0, width=64, depth=3, unit_uv=1.0))
distillers = dict(
    route=dict(type=LayerRouter, task="stimulus", teacher="electrodes"),
    soft=dict(
        type=Compare,
        what="output",
        task="stimulus",
        teacher="electrodes",
        loss=dict(type=KDLoss, temperature=2.0, reduction="none"),
    ),
)
balance = dict(type=FixedWeights, weights=dict(task=1.0, route=1.0, soft=1.0))
schedule = dict(steps=150, labelled=16, paired=16, learning_rate=3e-3)
precision = "fp32"
