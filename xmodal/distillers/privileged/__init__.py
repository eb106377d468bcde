"""The teacher had information that is absent at test time."""

from xmodal.distillers.privileged.answers import Privileged, PrivilegedDescriptor, PrivilegedValues

__all__ = [
    "Privileged",
    "PrivilegedDescriptor",
    "PrivilegedValues",
]
