"""Several teachers, or several snapshots of one, teach together."""

from xmodal.distillers.committee.adept_snapshots import AdeptSnapshots
from xmodal.distillers.committee.average import AverageCommittee
from xmodal.distillers.committee.fusion_teacher import FusionTeacher
from xmodal.distillers.committee.gated_mixture import GatedMixture
from xmodal.distillers.committee.low_temperature import LowTemperatureCommittee
from xmodal.distillers.committee.radio_heads import RadioHeads
from xmodal.distillers.committee.stage_logits import NormedStageLogits, StageLogits
from xmodal.distillers.committee.theia_heads import TheiaHeads
from xmodal.distillers.committee.unic_heads import UnicHeads
from xmodal.distillers.committee.unimodal_teachers import UnimodalTeachers

__all__ = [
    "AdeptSnapshots",
    "AverageCommittee",
    "FusionTeacher",
    "GatedMixture",
    "LowTemperatureCommittee",
    "NormedStageLogits",
    "RadioHeads",
    "StageLogits",
    "TheiaHeads",
    "UnicHeads",
    "UnimodalTeachers",
]
