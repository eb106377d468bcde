"""draft"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.trees import TreeSpecies
from xmodal.distillers import Privileged
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, HorizontalFlip, QuarterTurn
from xmodal.modalities.raster import RasterConv
from xmodal.modalities.raster.transforms import HorizontalFlip as RasterFlip
from xmodal.modalities.raster.transforms import QuarterTurn as RasterTurn

benchmark = dict(type=TreeSpecies, root="", labels=(0.3, 1.0), side_px=5)
deploy = ("image",)
student = dict(type=TimmImage, backbone="test_resnet")
teachers = dict(
    hsi=dict(
        type=RasterConv,
        bands=83,
        key="raster/hsi",
        # Visible, near infrared, and the two windows of the shortwave infrared, rounded.
        mean=(0.035,) * 14 + (0.31,) * 31 + (0.15,) * 17 + (0.065,) * 21,
        std=(0.015,) * 14 + (0.1,) * 31 + (0.047,) * 17 + (0.037,) * 21,
        mixed=32,
        widths=(64,),
    )
)
distillers = dict(soft=dict(type=Privileged, task="species", teacher="hsi"))
balance = dict(type=FixedWeights, weights=dict(soft=2.0))
transforms = [dict(type=HorizontalFlip), dict(type=QuarterTurn), dict(type=ColorJitter)]
teacher_transforms = [dict(type=RasterFlip, key="raster/hsi"), dict(type=RasterTurn, key="raster/hsi")]
schedule = dict(steps=200, labelled=16, paired=16, learning_rate=3e-4)
teacher_schedule = dict(steps=300, labelled=32, learning_rate=5e-3)
precision = "fp32"
