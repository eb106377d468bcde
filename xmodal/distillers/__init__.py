"""What is compared with what, on a `Frame`. `xmodal list distillers` shows them with their sources."""

from xmodal.distillers import committee, geometry, missing, privileged, probes, relational, switch
from xmodal.distillers.base import Distiller, mean_over, over_rows
from xmodal.distillers.committee import *
from xmodal.distillers.compare import Compare
from xmodal.distillers.geometry import *
from xmodal.distillers.missing import *
from xmodal.distillers.privileged import *
from xmodal.distillers.probes import *
from xmodal.distillers.relational import *
from xmodal.distillers.supervised import Supervised
from xmodal.distillers.switch import *

__all__ = ["Compare", "Distiller", "Supervised", "mean_over", "over_rows"]
__all__ += (
    committee.__all__
    + geometry.__all__
    + missing.__all__
    + privileged.__all__
    + probes.__all__
    + relational.__all__
    + switch.__all__
)
