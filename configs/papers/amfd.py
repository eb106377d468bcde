"""An image student's one map takes over what the colour and the thermal stream of a teacher each attend to.

AMFD (IEEE TMM 2025, arXiv 2405.12944), authors' repository. Evidence: exact (loss); ours (the rest). Faithful: the
student's map against both streams' maps apart, not against their fusion, each with focal and global distillation
without its background term: attention to cells and channels, foreground by 1 / area, a context block on either side.
Ours: a segmentation proxy on the simulated street, no detection heads; the foreground are the labelled cars, trucks
and pedestrians; one level instead of four; attention fuses the teacher; the student reads colour alone, where the
source's reads both cameras.

On the validation scenes of seed 0: student alone 0.346, teacher 0.369, which sees little more than the student;
distilled 0.098 with weights 0.1, 1e-3 and 1e-4 (foreground, attention, relation) and 0.267 with 2e-3, 2e-4 and 2e-6, so
both harm. The weights here are those of the source's KAIST configuration; they have not been run.

    xmodal train papers/amfd --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.street import Street
from xmodal.data.transforms import SameDraw
from xmodal.distillers import AMFD
from xmodal.modalities.fusion import Fusion
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, HorizontalFlip, RandomCrop
from xmodal.modalities.raster import RasterConv
from xmodal.modalities.raster.transforms import HorizontalFlip as FlipThermal
from xmodal.modalities.raster.transforms import RandomCrop as CropThermal

benchmark = dict(type=Street, scenes=300, labelled=40, val=40, test=100, sensors=("image", "raster/thermal"))
deploy = ("image",)
student = dict(
    type=TimmImage,
    backbone="resnet18d",
    options=dict(channels=(32, 48, 96, 128), stem_width=16),
    token_stride=4,
    pyramid_width=48,
    levels=(1, 2, 3, 4),
)
teachers = dict(
    both=dict(
        type=Fusion,
        parts=dict(
            image=dict(
                type=TimmImage,
                backbone="resnet18d",
                options=dict(channels=(32, 48, 96, 128), stem_width=16),
                token_stride=8,
                pyramid_width=48,
                levels=(1, 2, 3, 4),
            ),
            thermal=dict(
                type=RasterConv,
                bands=1,
                key="raster/thermal",
                mean=(12.0,),
                std=(12.0,),
                widths=(32, 48, 64),
                token_stride=8,
            ),
        ),
        width=48,
        depth=1,
    )
)
distillers = dict(
    amfd=dict(
        type=AMFD,
        task="segmentation",
        classes=("car", "truck", "pedestrian"),
        streams=("image", "thermal"),
        widths=(48, 64),
        teacher="both",
    )
)
balance = dict(
    type=FixedWeights,
    weights={
        "task": 1.0,
        "amfd/image_foreground": 5e-5,
        "amfd/thermal_foreground": 5e-5,
        "amfd/image_attention": 5e-5,
        "amfd/thermal_attention": 5e-5,
        "amfd/image_relation": 5e-7,
        "amfd/thermal_relation": 5e-7,
    },
)
transforms = [
    dict(type=SameDraw, transforms=[dict(type=HorizontalFlip), dict(type=FlipThermal, key="raster/thermal")]),
    dict(
        type=SameDraw,
        transforms=[
            dict(type=RandomCrop, size=(56, 160)),
            dict(type=CropThermal, size=(56, 160), key="raster/thermal"),
        ],
    ),
    dict(type=ColorJitter),
]
teacher_transforms = transforms
schedule = dict(steps=400, labelled=4, paired=6, learning_rate=4e-3)
teacher_schedule = dict(steps=300, labelled=8, learning_rate=4e-3)
paper = dict(
    system="AMFD",
    sensors="image + thermal -> image",
    evidence="exact (loss); ours (networks)",
    without=(
        "balance.weights.amfd/image_foreground=0.0",
        "balance.weights.amfd/thermal_foreground=0.0",
        "balance.weights.amfd/image_attention=0.0",
        "balance.weights.amfd/thermal_attention=0.0",
        "balance.weights.amfd/image_relation=0.0",
        "balance.weights.amfd/thermal_relation=0.0",
    ),
    reads="teachers.both.parts.thermal.tokens.x",
)
