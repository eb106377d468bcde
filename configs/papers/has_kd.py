"""An image student learns digits from a teacher that also hears them, and from the snapshots adept at each class.

HAS-KD, arXiv 2606.25278 (points and images to points, segmentation), a re-implementation from the description.
Evidence: described. Faithful: a fusion teacher whose logits and layer-normed features count by the student's
uncertainty (IHD); the teacher and a snapshot of its one training run, each teaching the classes at which it is best
on labelled training samples (ASD). Ours: all equations; whole images instead of points; the choice of frames (IOF)
has no counterpart here.

On the validation images of seed 0: student alone 0.593, distilled 0.729 (0.748 with 64 pairs in a batch instead of 32,
which costs more time), teacher 0.659. The weights 1 and the temperature were set beforehand.

    xmodal train papers/has_kd --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.digits_av import DigitsAV
from xmodal.distillers import AdeptSnapshots, FusionTeacher
from xmodal.modalities.audio import TimmAudio
from xmodal.modalities.audio.transforms import Gain, Noise, TimeShift
from xmodal.modalities.fusion import Fusion
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, RandomResizedCrop

benchmark = dict(type=DigitsAV, labelled=(100,))
deploy = ("image",)
student = dict(
    type=TimmImage, backbone="resnet10t", options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8)
)
teachers = dict(
    both=dict(
        type=Fusion,
        parts=dict(
            image=dict(
                type=TimmImage,
                backbone="resnet10t",
                options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8),
            ),
            audio=dict(
                type=TimmAudio,
                backbone="resnet10t",
                options=dict(channels=(24, 48, 96, 128), stem_width=12, output_stride=8),
                rate_hz=8000,
                settings=dict(
                    rate_hz=8000,
                    bins=40,
                    frames=None,
                    n_fft=256,
                    window=200,
                    hop=160,
                    low_hz=80.0,
                    mean=-2.3,
                    scale=2.0,
                ),
            ),
        ),
        width=64,
        depth=1,
    ),
)
snapshots = dict(early=("both", 0.5))
distillers = dict(
    fusion=dict(type=FusionTeacher, task="digit", teacher="both", information="student_entropy", temperature=2.0),
    adept=dict(type=AdeptSnapshots, task="digit", teacher="both", snapshots=("early",), temperature=2.0),
)
balance = dict(type=FixedWeights, weights=dict(task=1.0, fusion=1.0, adept=1.0))
transforms = [
    dict(type=RandomResizedCrop, size=(32, 32), scale=(0.6, 1.0)),
    dict(type=ColorJitter),
]
teacher_transforms = [
    dict(type=TimeShift, longest_s=0.2, rate_hz=8000),
    dict(type=Gain),
    dict(type=Noise, low_db=5.0, high_db=30.0),
    dict(type=RandomResizedCrop, size=(32, 32), scale=(0.6, 1.0)),
    dict(type=ColorJitter),
]
schedule = dict(steps=300, labelled=32, paired=32, learning_rate=1e-2)
teacher_schedule = dict(steps=300, learning_rate=3e-3)
precision = "fp32"
paper = dict(
    system="HAS-KD",
    sensors="image + audio -> image",
    evidence="described",
    without=("balance.weights.fusion=0.0", "balance.weights.adept=0.0"),
    reads="teachers.both.outputs.digit",
)
