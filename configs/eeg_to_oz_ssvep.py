"""draft"""

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

benchmark = dict(type=Ssvep, root="", labels=(0.25, 1.0))
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
