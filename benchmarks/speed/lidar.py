"""Parts of LiDAR: sparse convolution, voxels, ray caster, projection and pairs, each against the plain way.

    python -m xmodal.benchmarks.speed.lidar --json lidar.json

The clouds are scans of the simulated street. Before the clock starts both sides of a comparison must find the same.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from xmodal.benchmarks.speed import lidar_clouds, lidar_pairs, lidar_rays, lidar_sparse, lidar_voxels
from xmodal.benchmarks.speed.comparison import HEAD, Comparison, figures, shown
from xmodal.benchmarks.speed.results import conditions, write
from xmodal.errors import XmodalError

SEED = lidar_clouds.SEED
PARTS = ("sparse", "voxels", "rays", "pairs")


def comparisons(part: str, *, scans: int, beams: int, scenes: int, rays: int) -> Sequence[Comparison]:
    """Those of one part, on clouds made for it; none where a package is missing, which is said in a line."""
    if part == "rays":
        return lidar_rays.comparisons(scenes=scenes, rays=rays)
    batch = lidar_clouds.batch(scans, beams=beams)
    makers: Mapping[str, Callable[[], Sequence[Comparison]]] = {
        "sparse": lambda: lidar_sparse.comparisons(batch.rows(torch.tensor([0])).ragged("lidar")),
        "voxels": lambda: lidar_voxels.comparisons(batch.ragged("lidar")),
        "pairs": lambda: lidar_pairs.comparisons(batch),
    }
    try:
        return makers[part]()
    except XmodalError as error:
        print(f"{part} is left out: {error}")
        return ()


def table(made: Sequence[Comparison], rounds: int) -> list[dict[str, Any]]:
    """Prints each row as it is measured, and returns all of them."""
    rows = []
    for comparison in made:
        rows.append(comparison.row(rounds=rounds))
        print(shown(rows[-1]), flush=True)
    return rows


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--scans", type=int, default=4, help="in a batch; the convolution sees the first")
    parser.add_argument("--beams", type=int, default=64, help="of the LiDAR")
    parser.add_argument("--scenes", type=int, default=8, help="made in a round")
    parser.add_argument("--rays", type=int, default=256, help="of a scan that go through the loop")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, help="of torch; otherwise as many as it takes by itself")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers there")
    args = parser.parse_args(arguments)
    if args.threads:
        torch.set_num_threads(args.threads)
    found = conditions("lidar", __doc__, arguments, seed=SEED)
    print(f"{found}\n{HEAD}")
    sizes = {"scans": args.scans, "beams": args.beams, "scenes": args.scenes, "rays": args.rays}
    rows = [row for part in args.parts for row in table(comparisons(part, **sizes), args.rounds)]
    if args.json:
        write(args.json, found, figures(rows), rows)


if __name__ == "__main__":
    main()
