"""A radar student learns rehabilitation movements from a skeleton teacher: real data, MARS, leave one subject out.

First the student knows 5 % of the labels and the teacher all (the skeletons were annotated, the radar was not), then
both know all; every window is a pair. Settings rest on seed 0 with one training subject held out
(`--set benchmark.validation=subject`). Student alone at 5 and 100 %: 0.741 and 0.820; at a learning rate of 3e-3 0.746
and 0.803, at 3e-4 0.726 and 0.819, with 800 steps 0.733 and 0.823, with noise on its input 0.739 and 0.806. Teacher:
0.932; wider 0.914, at 3e-3 0.920, with turns and noise 0.910. Soft targets weigh 3 instead of 1 for 0.838 instead of
0.824 at 5 %, in the two folds where both were tried.

One CPU core: 5 to 8 minutes a seed. Accuracy pooled over the four subjects, means over seeds 0, 1, 2: at 5 % student
0.754, self 0.759, shuffled 0.537, distilled 0.861, teacher 0.952; distilled minus student +0.107 [+0.101, +0.116],
better in 12 of 12 folds and seeds. At 100 % 0.865, 0.869, 0.841, 0.865, 0.952: the teacher, who then knows no label
that the student lacks, adds nothing (+0.000 [-0.004, +0.003]).

    xmodal train skeleton_to_radar_mars --seeds 0 1 2 --set benchmark.root=PATH/TO/mars
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.mars import Mars
from xmodal.distillers import Privileged
from xmodal.modalities.series import SeriesConv

benchmark = dict(type=Mars, root="", labelled=(0.05, 1.0), teacher_labels="all")
deploy = ("series/radar",)
# One step of 1383 statistics, so that kernels of 1 make a perceptron.
student = dict(type=SeriesConv, channels=1383, key="series/radar", widths=(128,), kernel=1)
teachers = dict(
    skeleton=dict(type=SeriesConv, channels=75, key="series/skeleton", rate_hz=10.0, std=[0.3] * 75, widths=(64, 64))
)
distillers = dict(soft=dict(type=Privileged, task="movement", teacher="skeleton", temperature=2.0))
balance = dict(type=FixedWeights, weights=dict(soft=3.0))
schedule = dict(steps=400, labelled=32, paired=64, learning_rate=1e-3)
teacher_schedule = dict(steps=400, labelled=32, learning_rate=1e-3)
precision = "fp32"
