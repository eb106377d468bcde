"""A watch student learns five activities from a phone teacher: the negative control, where no gain should appear.

Real data, four subjects of sp-sw-har, leave one subject out; with 5 % of the labels (the same for the teacher) and with
all. The phone knows no more than the watch. Settings are the first that were tried; on the validation executions of
seed 0 the student alone reaches 0.765 and 0.953 with them, the teacher 0.724 and 0.951. On a subject that it has not
seen the phone does worse, since people carry it in different ways.

One CPU core: 2 to 4 minutes a seed. Accuracy pooled over the four subjects, means over seeds 0, 1, 2: at 5 % student
0.786, self 0.789, shuffled 0.613, distilled 0.710, teacher 0.580; distilled minus student -0.076 [-0.113, -0.012] over
seeds, [-0.168, +0.022] over folds and seeds: a teacher that knows less does harm. At 100 % 0.838, 0.841, 0.798, 0.847,
0.706; +0.009 [+0.002, +0.021] over seeds, but [-0.020, +0.033] over folds and seeds, and +0.006 over self: no gain.

    xmodal train phone_to_watch --seeds 0 1 2 --set benchmark.root=PATH/TO/sp-sw-har
"""

from xmodal.balance import FixedWeights
from xmodal.benchmarks.phone_watch import PhoneWatch
from xmodal.distillers import Privileged
from xmodal.modalities.series import SeriesConv

_MEAN = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
_STD = (5.0, 5.0, 5.0, 1.0, 1.0, 1.0)
benchmark = dict(type=PhoneWatch, root="", labelled=(0.05, 1.0))
deploy = ("series/watch",)
student = dict(type=SeriesConv, key="series/watch", rate_hz=100.0, mean=_MEAN, std=_STD, widths=(32, 64, 64))
teachers = dict(
    phone=dict(type=SeriesConv, key="series/phone", rate_hz=100.0, mean=_MEAN, std=_STD, widths=(32, 64, 64))
)
distillers = dict(soft=dict(type=Privileged, task="activity", teacher="phone", temperature=2.0))
balance = dict(type=FixedWeights, weights=dict(soft=1.0))
schedule = dict(steps=200, labelled=32, paired=32, learning_rate=3e-3)
precision = "fp32"
