"""The benchmark `tree_species`: the species of a forest tree from its spectrum or from RGB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from xmodal.benchmarks.trees.crowns import Crown
from xmodal.benchmarks.trees.folds import fold_splits, stands
from xmodal.benchmarks.trees.geo_image import GeoImage
from xmodal.benchmarks.trees.hsi import crown_window, false_colour_bands, read_hsi
from xmodal.benchmarks.trees.layout import HSI_EXPECTED, LICENCE, SOURCE, hsi_raster
from xmodal.benchmarks.trees.sample import Window, make_sample, usable_crowns
from xmodal.data.benchmark import Benchmark, Card, Split, data_folder
from xmodal.data.labelled import Labelled, check_labelled
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError, DataError
from xmodal.tasks import Classification

SPECIES = ("PIPA2", "QURU", "ACRU", "QUAL", "QULA2", "QUCO2", "AMLA", "NYSY")
"""Taxon codes of the eight most frequent species among the 1,147 crowns: longleaf pine, northern red oak, red maple,
white oak, turkey oak, scarlet oak, Allegheny serviceberry, black tupelo."""


class TreeSpecies(Benchmark):
    """IDTReeS 2020: crowns of the eight most frequent species, with RGB pixels and a spectrum of 0.42 to 2.40 µm.

    Entries: "image" as in `Trees`, and "raster/hsi" [83, side_px, side_px]: reflectance at 1 m a pixel in bands of
    20 nm, NaN around the crown. Crowns of rarer species (an eighth of all) are left out, and so are crowns of plots
    without a hyperspectral file. Folds by stand as in `Trees`, answers pooled over five folds; 15 % of the training
    stands are kept for validation.

    Args:
        root: the unpacked competition data, as the error for a missing file describes.
        labelled: number or share of the training crowns whose species is known, or several for one table each. All
            crowns are pairs.
        window: what is cut out of the image around a crown.
        side_px: side of the spectral window, odd.
    """

    card = Card(
        summary="real forest: airborne hyperspectral and RGB images of single trees, eight species",
        licence=LICENCE,
        source=SOURCE,
    )

    def __init__(
        self, root: str = "", labelled: Labelled = (0.3, 1.0), window: Window | None = None, side_px: int = 9
    ) -> None:
        if side_px < 1 or side_px % 2 == 0:
            raise ConfigError(f"tree_species: side_px must be odd, such as 9, found {side_px!r}")
        folder = data_folder("tree_species", root, "idtrees2020", SOURCE)
        self.labelled = check_labelled("tree_species", labelled)
        self.samples, self.groups = read_species_samples(folder, window or Window(), side_px)
        self.tasks = {"species": Classification(SPECIES)}

    def splits(self, seed: int) -> Sequence[Split]:
        return fold_splits(self.samples, self.groups, self.labelled, seed)

    def sample(self, index: int) -> Sample:
        return self.samples[index]

    def __len__(self) -> int:
        return len(self.samples)


def read_species_samples(root: Path, window: Window, side_px: int) -> tuple[list[Sample], list[str]]:
    """(samples, the stand of each).

    Raises:
        DataError: no plot has a hyperspectral file, or a file is missing or breaks its format.
        XmodalError: an optional package is missing.
    """
    crowns = usable_crowns(root)
    cubes = _cubes(root, sorted({crown.plot for crown, _ in crowns}))
    whole = [make_sample(crown, plot, window, seed) for seed, (crown, plot) in enumerate(crowns)]
    samples, groups = [], []
    for (crown, _), sample, stand in zip(crowns, whole, stands(whole), strict=True):
        if crown.tree.species in SPECIES and crown.plot in cubes:
            samples.append(_with_spectrum(sample, crown, cubes[crown.plot], side_px))
            groups.append(stand)
    return samples, groups


def _cubes(root: Path, plots: Sequence[str]) -> dict[str, GeoImage]:
    cubes = {plot: read_hsi(hsi_raster(root, plot)) for plot in plots if hsi_raster(root, plot).is_file()}
    if not cubes:
        raise DataError(hsi_raster(root, "<plot>"), expected=HSI_EXPECTED, found="no such file for any plot")
    return cubes


def _with_spectrum(sample: Sample, crown: Crown, cube: GeoImage, side_px: int) -> Sample:
    return replace(
        sample,
        entries={"image": sample.entries["image"], "raster/hsi": crown_window(cube, crown.box_m, side_px)},
        links={},
        labels={"species": torch.tensor(SPECIES.index(crown.tree.species))},
        meta={
            **sample.meta,
            "classes": {"species": SPECIES},
            "bands": {"raster/hsi": false_colour_bands()},
        },
    )
