"""One sparse convolution: spconv with our guard, without it in one thread, and the dense one of torch.

The guard does its work in one thread whatever torch is set to; without it spconv is right in one thread only, and its
backward needs an answer where it asks CUDA for a stream. The dense convolution has all threads, and its grid, zeros
where no point fell, lies ready before the clock starts; the sparse ones build their table of neighbours anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.benchmarks.speed.comparison import Answer, Comparison
from xmodal.data.batch import Ragged
from xmodal.modalities.lidar.base import EXTENT_M
from xmodal.modalities.lidar.spconv_guard import load_spconv
from xmodal.modalities.lidar.voxels import lattice, voxelise

SEED = 0
WIDTH = 32
VOXEL_M = 0.4
PASSES = ("forward", "forward + backward")
GUARDED = ("get_indice_pairs", "indice_conv", "indice_conv_backward")


def comparisons(cloud: Ragged) -> list[Comparison]:
    """A submanifold convolution (3 x 3 x 3) over the occupied voxels of a cloud ahead of the car.

    Raises:
        XmodalError: spconv is not installed.
    """
    spconv = load_spconv()
    torch.manual_seed(SEED)
    voxels = voxelise(cloud, voxel_size_m=VOXEL_M, extent_m=EXTENT_M)
    indices = torch.cat([voxels.sample.unsqueeze(1), voxels.cell], dim=1)  # [T, 4]
    features, pull = torch.randn(2, len(indices), WIDTH)
    conv = spconv.SubMConv3d(WIDTH, WIDTH, 3, padding=1, bias=False, algo=spconv.ConvAlgo.Native)
    size = (len(cloud.lengths), *lattice(EXTENT_M, VOXEL_M))

    def sparse(backward: bool) -> Answer:
        leaf = features.clone().requires_grad_(backward)
        conv.requires_grad_(backward)
        out = conv(spconv.SparseConvTensor(leaf, indices.int(), list(size[1:]), size[0])).features
        return _answer(out, (leaf, conv.weight), pull, backward)

    def unguarded(backward: bool) -> Answer:
        with _one_thread(), _without_guard(spconv.ops):
            return sparse(backward)

    dense = _dense(conv, indices, features, pull, size)
    sides = {"ours": sparse, "unguarded, one thread": unguarded, "dense conv3d": dense}
    found = []
    for number, which in enumerate(PASSES):
        calls = {side: partial(call, bool(number)) for side, call in sides.items()}
        case = f"{which}, {WIDTH} channels"
        found.append(Comparison("sparse", case, "voxels", calls, dict.fromkeys(calls, len(indices)), tolerance=1e-4))
    return found


def _dense(
    conv: Any, indices: Tensor, features: Tensor, pull: Tensor, size: tuple[int, int, int, int]
) -> Callable[[bool], Answer]:
    sample, x, y, z = indices.unbind(1)
    grid = torch.zeros(size[0], WIDTH, *size[1:])
    grid[sample, :, x, y, z] = features
    kernel = conv.weight.detach().permute(0, 4, 1, 2, 3).contiguous()  # [out, in, 3, 3, 3]

    def call(backward: bool) -> Answer:
        leaf, weight = (t.detach().requires_grad_(backward) for t in (grid, kernel))
        out = F.conv3d(leaf, weight, padding=1)[sample, :, x, y, z]
        found = _answer(out, (leaf, weight), pull, backward)
        if not backward:
            return found
        in_voxels = torch.from_numpy(found[1])[sample, :, x, y, z].numpy()
        return [found[0], in_voxels, found[2].transpose(0, 2, 3, 4, 1)]

    return call


def _answer(out: Tensor, leaves: tuple[Tensor, Tensor], pull: Tensor, backward: bool) -> Answer:
    gradients = torch.autograd.grad(out, leaves, pull) if backward else ()
    return [t.detach().numpy() for t in (out, *gradients)]


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _without_guard(ops: Any) -> Iterator[None]:
    """The functions as spconv wrote them; on the CPU any number will do for the stream."""
    guarded = {name: getattr(ops, name) for name in (*GUARDED, "get_current_stream")}
    try:
        for name in GUARDED:
            setattr(ops, name, guarded[name].__wrapped__)
        ops.get_current_stream = lambda: 0
        yield
    finally:
        for name, function in guarded.items():
            setattr(ops, name, function)
