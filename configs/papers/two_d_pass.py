"""A LiDAR student is trained beside a branch that sees the image too, follows its scores, and is left alone at test.

2DPASS (ECCV 2022). Evidence: exact (equations and weights); recalled (that the image network is trained along).

Faithful: gated fusion of image features and a learned copy of the student's at each scale, cross-entropy and Lovasz
loss on the scores of points, of the fused branch and of all scales together, one-way divergence with weight 0.05 on a
mean over points and classes, an image network trained along. Ours: two scales of 8 and 16 px instead of four, tokens
instead of points, no class weights; the student's own head, which learns from labels alone, answers at test.

On the validation scenes of seed 0, mIoU: distilled 0.392 with the source's weight, 1, for the branch, 0.432 with 0.2,
student alone 0.434, all at an earlier schedule of 200 steps at 5e-3; the student's own schedule was tuned afterwards,
to 0.557 (see papers/scalr). Computed in float32: products of ragged batches are slower in bfloat16 on a CPU.

    xmodal train papers/two_d_pass --seeds 0 1 2
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.street import Street
from xmodal.distillers import FusedBranch
from xmodal.modalities.image import TimmImage
from xmodal.modalities.lidar import PointEncoder
from xmodal.modalities.lidar.transforms import DropPoints, FlipY, Jitter

paper = dict(
    system="2DPASS",
    sensors="image + LiDAR -> LiDAR",
    evidence="exact",
    without=("balance.weights.branch=0.0", "balance.weights.branch/kl=0.0"),
    reads="peers.image.layers.1.x",
)
benchmark = dict(type=Street, scenes=300, labelled=40, val=40, test=100)
deploy = ("lidar",)
student = dict(
    type=PointEncoder,
    width=32,
    depth=4,
    mlp_ratio=2.0,
    voxel_size_m=0.4,
    planes=("range", "xy", "range", "xz"),
    cells=((0.4, 0.78), (0.6, 0.6), (0.8, 1.56), (0.6, 0.4)),
    view_deg=((-45.0, 45.0), (-16.0, 12.0)),
    extent_m=((0.0, 64.0), (-32.0, 32.0), (-4.0, 12.0)),
)
peers = dict(
    image=dict(
        type=TimmImage,
        backbone="resnet18d",
        options=dict(channels=(32, 48, 96, 128), stem_width=16),
        token_stride=8,
        levels=(1, 2, 3),
    )
)
distillers = dict(branch=dict(type=FusedBranch, teacher="image", layers=((1, 1), (3, 2)), width=32))
balance = dict(type=FixedWeights, weights={"task": 1.0, "branch": 0.2, "branch/kl": 0.05})
transforms = [dict(type=FlipY), dict(type=DropPoints, fraction=0.1), dict(type=Jitter, std_m=0.01)]
schedule = dict(steps=250, labelled=4, paired=2, learning_rate=2e-2)
precision = "fp32"
