"""Your own paired files: an image student learns from a LiDAR teacher, labels and pairs from `manifest.csv`.

    xmodal train paired_folder --set benchmark.root=PATH/TO/FOLDER

Another teacher: --set teachers.teacher.type=NAME, with a name from `xmodal list modalities`. Another student: copy this
file, since `deploy`, the student's arguments and the transforms change along with it.
Numbers instead of classes: --set benchmark.kind=regression --set distillers.soft.type=privileged_values
"""

from xmodal.balance import FixedWeights
from xmodal.data.paired_folder import PairedFolder
from xmodal.distillers import Privileged
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, HorizontalFlip, Resize
from xmodal.modalities.lidar import PointEncoder
from xmodal.modalities.lidar.transforms import DropPoints, FlipY

benchmark = dict(type=PairedFolder, root="", transforms=[dict(type=Resize, size=(96, 96))])
deploy = ("image",)
student = dict(type=TimmImage, backbone="resnet10t")
teachers = dict(teacher=dict(type=PointEncoder))
distillers = dict(soft=dict(type=Privileged, task="label", teacher="teacher"))
balance = dict(type=FixedWeights, weights=dict(task=1.0, soft=1.0))
transforms = [dict(type=HorizontalFlip), dict(type=ColorJitter)]
teacher_transforms = [dict(type=FlipY), dict(type=DropPoints)]
schedule = dict(steps=400, labelled=16, paired=16, learning_rate=1e-3)
teacher_schedule = dict(learning_rate=2e-3)
