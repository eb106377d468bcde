"""What is compared with what, on a `Frame`."""

from xmodal.distillers.base import Distiller, mean_over, over_rows
from xmodal.distillers.privileged import Privileged, PrivilegedDescriptor, PrivilegedValues
from xmodal.distillers.relational import Relational
from xmodal.distillers.supervised import Supervised
from xmodal.distillers.token_align import TokenAlign

__all__ = [
    "Distiller",
    "Privileged",
    "PrivilegedDescriptor",
    "PrivilegedValues",
    "Relational",
    "Supervised",
    "TokenAlign",
    "mean_over",
    "over_rows",
]
