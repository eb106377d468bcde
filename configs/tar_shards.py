"""Your own paired samples in tars (webdataset): an image student learns from a LiDAR teacher.

    xmodal train tar_shards --set benchmark.root=PATH/TO/FOLDER \
        --set "benchmark.train=train-{000..009}.tar" --set "benchmark.test=test-{000..001}.tar"

Here a tar holds 0001.jpg, 0001.bin and 0001.cls of every sample; other suffixes: --set benchmark.entries.image=png, a
label in JSON: --set benchmark.label=json:species. A sample without a label is a pair without a label.
One set of tars a modality, keys compared:
    --set "benchmark.train={'image': 'rgb-{0..9}.tar', 'lidar': 'lidar-{0..9}.tar', 'label': 'rgb-{0..9}.tar'}"
Tars from elsewhere, fetched once into ROOT/.spool: --set "benchmark.train=pipe:curl -fsS URL/train-{000..009}.tar"
Compressed tars, unpacked the same way: --set "benchmark.train=pipe:gzip -dc train-{000..009}.tar.gz"

Which samples a step gets depends on the step, the seed and the keys alone, not on how the tars were packed, so that a
run resumes with the batches it would have had. Reading takes the disk's random access; of each step only the members
that it needs are read.
Numbers instead of classes: --set benchmark.kind=regression --set distillers.soft.type=privileged_values
Another student or teacher: as in `paired_folder`, from which the models and the schedule here come.
"""

from xmodal.balance import FixedWeights
from xmodal.data.tar_shards import TarShards
from xmodal.distillers import Privileged
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, HorizontalFlip, Resize
from xmodal.modalities.lidar import PointEncoder
from xmodal.modalities.lidar.transforms import DropPoints, FlipY

benchmark = dict(
    type=TarShards,
    root="",
    train="train-{000..009}.tar",
    val=(),
    test="test-{000..001}.tar",
    entries=dict(image="jpg", lidar="bin"),
    label="cls",
    transforms=[dict(type=Resize, size=(96, 96))],
)
deploy = ("image",)
student = dict(type=TimmImage, backbone="resnet10t")
teachers = dict(teacher=dict(type=PointEncoder))
distillers = dict(soft=dict(type=Privileged, task="label", teacher="teacher"))
balance = dict(type=FixedWeights, weights=dict(task=1.0, soft=1.0))
transforms = [dict(type=HorizontalFlip), dict(type=ColorJitter)]
teacher_transforms = [dict(type=FlipY), dict(type=DropPoints)]
schedule = dict(steps=400, labelled=16, paired=16, learning_rate=1e-3)
teacher_schedule = dict(learning_rate=2e-3)
