"""What a model answers on held-out samples, fed the entries it will have when deployed and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.adapter import Model, Need
from xmodal.bus import Embedding, Tokens
from xmodal.data.batch import Batch, collate
from xmodal.data.benchmark import Benchmark, Grid, Samples
from xmodal.data.sample import Sample
from xmodal.errors import DataError
from xmodal.pairs import carry, fill_nearest, pair_tokens
from xmodal.tasks import Task


@dataclass(frozen=True, slots=True)
class Answers:
    """Flat answers and targets [n] of one task."""

    answer: Tensor
    target: Tensor


def evaluate(
    model: Model,
    samples: Samples,
    benchmark: Benchmark,
    keys: Iterable[str],
    *,
    device: torch.device,
    batch_size: int = 32,
    skip_missing: bool = False,
) -> dict[str, Answers]:
    """By task: what the model answers. It is fed `keys` only and left in eval mode.

    Args:
        keys: each sample must have all of them, or one of them where the model is `partial`.
        skip_missing: leave out samples that the model cannot read (a teacher's sensor may be missing in the test
            split); otherwise such a sample is a DataError.

    Returns:
        nothing at all if every sample was left out.
    """
    model = model.to(device).eval()
    fed = tuple(keys)
    found: dict[str, list[Answers]] = {name: [] for name in benchmark.tasks}
    for start in range(0, len(samples), batch_size):
        chunk = range(start, min(start + batch_size, len(samples)))
        chosen = [samples[i] for i in chunk]
        if skip_missing:
            chosen = [s for s in chosen if _readable(s, fed, model.partial)]
        if not chosen:
            continue
        _check_readable(chosen, fed, model.partial)
        batch = collate(chosen).to(device)
        with torch.no_grad():
            embedding = model(batch.only(fed), Need())
        for name, task in benchmark.tasks.items():
            found[name].append(_answers(task, name, embedding, batch, benchmark.grids.get(name)))
    return {name: join(parts) for name, parts in found.items() if parts}


def _readable(sample: Sample, keys: Iterable[str], partial: bool) -> bool:
    has = [key in sample.entries for key in keys]
    return any(has) if partial else all(has)


def _check_readable(samples: Sequence[Sample], keys: Sequence[str], partial: bool) -> None:
    for sample in samples:
        if not _readable(sample, keys, partial):
            expected = f"{'one of ' if partial else ''}the entries {', '.join(keys)}"
            raise DataError(f"sample {sample.key!r}", expected=expected, found=", ".join(sorted(sample.entries)))


def join(parts: Sequence[Answers]) -> Answers:
    """Several answers as one: the batches of a test set, or the folds of a cross-validation."""
    return Answers(torch.cat([p.answer for p in parts]), torch.cat([p.target for p in parts]))


def scores(benchmark: Benchmark, answers: Mapping[str, Answers]) -> dict[str, dict[str, float]]:
    """By task: its metrics."""
    return {name: benchmark.tasks[name].metrics(a.answer, a.target) for name, a in answers.items()}


def _answers(task: Task, name: str, embedding: Embedding, batch: Batch, grid: Grid | None) -> Answers:
    output = embedding.outputs[name]
    if task.level == "pooled":
        return Answers(task.answer(output).cpu(), task.targets(batch.labels[name], None).cpu())
    tokens = embedding.need_tokens("the model")
    if grid is None:
        cells, beliefs = tokens, task.beliefs(output)
    else:
        cells = _cells(batch, grid, output)
        beliefs = on_grid(task.beliefs(output), tokens, cells, batch)
    target = task.targets(batch.labels[name], cells)
    return Answers(task.answer(beliefs).flatten().cpu(), target.flatten().cpu())


def _cells(batch: Batch, grid: Grid, like: Tensor) -> Tokens:
    """The benchmark's grid as tokens without features."""
    count = grid.shape[0] * grid.shape[1]
    where = None if grid.where is None else grid.where.to(like.device).expand(len(batch), -1, -1)
    x = like.new_zeros(len(batch), count, 0)
    return Tokens(x, where=where, frame=grid.frame, grid=grid.shape, key=grid.key)


def on_grid(beliefs: Tensor, tokens: Tokens, cells: Tokens, batch: Batch) -> Tensor:
    """Bring a model's token answers [B, N, ...] to the cells of a fixed grid [B, cells, ...].

    A model of the same entry is resampled; one of another sensor is carried over the pairs, and cells that none of
    its tokens reach take the nearest cell's answer.
    """
    assert cells.grid is not None
    flat = beliefs.flatten(2) if beliefs.dim() > 2 else beliefs.unsqueeze(-1)  # [B, N, C]
    rows, columns = cells.grid
    if tokens.key == cells.key and tokens.grid is not None:
        image = flat.transpose(1, 2).reshape(len(flat), -1, *tokens.grid).float()
        if tokens.grid != cells.grid:
            image = F.interpolate(image, (rows, columns), mode="bilinear", align_corners=False)
        moved = image.flatten(2).transpose(1, 2)
    else:
        carried, known = carry(flat, pair_tokens(cells, tokens, batch), rows * columns)
        moved = fill_nearest(carried, known, (rows, columns))
    if beliefs.dim() == 2:
        return moved[..., 0]
    return moved
