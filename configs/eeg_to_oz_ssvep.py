"""An EEG student with one electrode (Oz) learns from a teacher with eight: real data, SSVEP exoskeleton, 4 classes.

With 25 % of the training trials labelled, then with all; all trials are pairs. Leave one subject out; the six sessions
measured here are one each of subjects 1, 3, 4, 6, 9 and 12. A filter bank suits so few trials: on the validation
subjects (seed 0) the student alone reaches 0.552 at all labels and 0.474 at 25 % with these narrow bands, 0.427 and
0.339 with 18 bands of 2 Hz, and 0.484 at all labels as EEGNet with filters of one second. Learning rate, steps and
the weight of the soft targets are first guesses, not searched.

One CPU core: 4 minutes a seed. Accuracy over 192 test trials, seed 0 alone, so 0.02 is 4 trials and nothing is shown:
at 25 % student 0.438, self 0.427, shuffled 0.422, distilled 0.443, teacher 0.526; at 100 % 0.557, 0.552, 0.516,
0.552, 0.583. No gain: the teacher itself is hardly better than Oz here.

    xmodal train eeg_to_oz_ssvep --set benchmark.root=PATH/TO/ssvep-exo
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.ssvep import Ssvep
from xmodal.distillers import Privileged
from xmodal.modalities.eeg import BraindecodeEEG

# The flicker frequencies and their first overtones in narrow bands, and the background around them.
_BANK = dict(
    n_bands=[
        *[(12.5, 13.5), (16.5, 17.5), (20.5, 21.5), (25.5, 26.5), (33.5, 34.5), (41.5, 42.5)],
        *[(6.0, 8.0), (8.0, 12.0), (14.0, 16.0), (18.0, 20.0), (22.0, 25.0), (27.0, 33.0)],
    ],
    n_filters_spat=4,
    stride_factor=4,
    filter_parameters=dict(l_trans_bandwidth=1.0, h_trans_bandwidth=1.0),
)

benchmark = dict(type=Ssvep, root="", labelled=(0.25, 1.0))
deploy = ("eeg/oz",)
student = dict(
    type=BraindecodeEEG,
    name="FBCNet",
    key="eeg/oz",
    channels=("Oz",),
    samples=512,
    rate_hz=128.0,
    width=32,
    unit_uv=1.0,
    options=_BANK,
)
teachers = dict(
    electrodes=dict(
        type=BraindecodeEEG,
        name="FBCNet",
        channels=("Oz", "O1", "O2", "PO3", "POz", "PO7", "PO8", "PO4"),
        samples=512,
        rate_hz=128.0,
        width=32,
        unit_uv=1.0,
        options=_BANK,
    )
)
distillers = dict(soft=dict(type=Privileged, task="stimulus", teacher="electrodes"))
balance = dict(type=FixedWeights, weights=dict(soft=1.0))
schedule = dict(steps=150, labelled=16, paired=16, learning_rate=3e-3)
precision = "fp32"
