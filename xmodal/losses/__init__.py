"""Losses: functions of plain tensors, student first and teacher second, each with a thin module beside it.

`xmodal list losses` shows them with their sources.
"""

from xmodal.losses import attention, features, geometry, logits, relational
from xmodal.losses.attention import *
from xmodal.losses.features import *
from xmodal.losses.geometry import *
from xmodal.losses.logits import *
from xmodal.losses.relational import *

__all__ = attention.__all__ + features.__all__ + geometry.__all__ + logits.__all__ + relational.__all__
