"""Features and what simple probes read from them are compared."""

from xmodal.distillers.probes.activation_clone import ActivationClone
from xmodal.distillers.probes.diffkd import DiffKD
from xmodal.distillers.probes.hear import HEAR
from xmodal.distillers.probes.matryoshka_heads import MatryoshkaHeads
from xmodal.distillers.probes.matryoshka_teacher import MatryoshkaTeacher
from xmodal.distillers.probes.probe_labels import ProbeLabels

__all__ = [
    "HEAR",
    "ActivationClone",
    "DiffKD",
    "MatryoshkaHeads",
    "MatryoshkaTeacher",
    "ProbeLabels",
]
