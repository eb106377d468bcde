"""The teacher had information that is absent at test time."""

from xmodal.distillers.privileged.amyloid_alignment import AmyloidAlignment
from xmodal.distillers.privileged.answers import Privileged, PrivilegedDescriptor, PrivilegedValues
from xmodal.distillers.privileged.distillation_head import DistillationHead
from xmodal.distillers.privileged.fused_to_parts import FusedToParts
from xmodal.distillers.privileged.gated_privilege import GatedPrivilege
from xmodal.distillers.privileged.hallucination import BranchTasks, Hallucination
from xmodal.distillers.privileged.joint_contrast import JointContrast
from xmodal.distillers.privileged.pet_free_amyloid import PETFreeAmyloid
from xmodal.distillers.privileged.policy_imitation import PolicyImitation
from xmodal.distillers.privileged.progressive import ProgressiveGuidance
from xmodal.distillers.privileged.prompted_views import PromptedViews

__all__ = [
    "AmyloidAlignment",
    "BranchTasks",
    "DistillationHead",
    "FusedToParts",
    "GatedPrivilege",
    "Hallucination",
    "JointContrast",
    "PETFreeAmyloid",
    "PolicyImitation",
    "Privileged",
    "PrivilegedDescriptor",
    "PrivilegedValues",
    "ProgressiveGuidance",
    "PromptedViews",
]
