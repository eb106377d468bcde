"""The benchmark `trees`: height of a forest tree, measured in the field, from airborne LiDAR or from RGB."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from xmodal.benchmarks.trees.folds import fold_splits, stands
from xmodal.benchmarks.trees.layout import LICENCE, SOURCE
from xmodal.benchmarks.trees.picture import picture
from xmodal.benchmarks.trees.sample import Window, read_samples
from xmodal.data.benchmark import Benchmark, Card, Split, data_folder
from xmodal.data.labelled import Labelled, check_labelled
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError
from xmodal.tasks import Regression


class Trees(Benchmark):
    """IDTReeS 2020: 1,147 crowns of 82 NEON plots with LiDAR points, RGB pixels and the height that was measured.

    R2 and MAE are pooled over the out-of-fold answers of five folds. Folds are by stand: a plot, or neighbouring
    plots that list the same tree, so that no tree is in training and test. 15 % of the training stands are kept
    for validation.

    Args:
        root: the unpacked competition data, as the error for a missing file describes.
        labelled: number or share of the training crowns whose height is known, or several for one table each. All
            crowns are pairs.
        by: "stand", or "plot" for folds by plot alone (46 trees then stand in two folds).
        window: what is cut out around a crown.
    """

    card = Card(
        summary="real forest: airborne LiDAR and RGB of single trees, heights from the field",
        licence=LICENCE,
        source=SOURCE,
    )

    def __init__(
        self, root: str = "", labelled: Labelled = (0.1, 1.0), by: str = "stand", window: Window | None = None
    ) -> None:
        if by not in ("stand", "plot"):
            raise ConfigError(f"trees: by must be 'stand' or 'plot', found {by!r}")
        folder = data_folder("trees", root, "idtrees2020", SOURCE)
        self.labelled = check_labelled("trees", labelled)
        self.samples = read_samples(folder, window)
        self.groups = stands(self.samples) if by == "stand" else [s.meta["plot"] for s in self.samples]
        self.tasks = {"height": Regression("m", offset=16.0, scale=7.0, beta=0.5)}

    def splits(self, seed: int) -> Sequence[Split]:
        return fold_splits(self.samples, self.groups, self.labelled, seed)

    def picture(self, sample: Sample) -> Image.Image:
        """The crown from above with its points coloured by height, and from the side."""
        return Image.fromarray(picture(sample))

    def sample(self, index: int) -> Sample:
        return self.samples[index]

    def __len__(self) -> int:
        return len(self.samples)
