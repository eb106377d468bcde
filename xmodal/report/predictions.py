"""Example predictions of a finished run: what the student's sensor saw, what is true, what each arm answered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from xmodal import plugins
from xmodal.data.benchmark import Grid, Split
from xmodal.data.sample import Sample, modality_of
from xmodal.engine.evaluate import Answers, evaluate
from xmodal.engine.finished import fed
from xmodal.engine.run import Run
from xmodal.errors import ConfigError
from xmodal.files import write_atomic, write_json
from xmodal.report.panels import PALETTE, Picture, colour_map, panel
from xmodal.tasks import Task

SHOWN = ("student", "self", "distilled", "teacher")


def write_examples(run: Run, count: int = 6) -> None:
    """Panels of the first seed and split in `examples/`, and their captions; test samples spread over the set."""
    seed = run.config.seeds[0]
    split = run.splits(seed)[0]
    arms = [arm for arm in SHOWN if (seed, split.name, arm) in run.outcomes]
    samples = _seen_by_all(run, split, arms, count)
    answers = {arm: _answers(run, seed, split, arm, samples) for arm in arms if samples}
    samples = samples if answers else []
    captions = {}
    for number, sample in enumerate(samples):
        pictures, caption = _pictures(run, sample, number, answers)
        if not pictures:
            continue
        place = run.folder / "examples" / f"{number:02d}.png"
        image = panel(pictures)
        write_atomic(place, lambda part, image=image: image.save(part, format="PNG"))  # type: ignore[misc]
        captions[place.name] = caption
    write_json(run.folder / "examples" / "captions.json", captions)


def _seen_by_all(run: Run, split: Split, arms: Sequence[str], count: int) -> list[Sample]:
    """Up to `count` test samples with the entries of every arm, spread over the set: some may lack a sensor."""
    read = {key for p in run.phases if p.arm in arms for key in run.inputs[p.model]}
    spread = np.linspace(0, len(split.test) - 1, min(5 * count, len(split.test))).astype(int).tolist()
    # From the coarse grid to the fine one, so that a set without gaps gives evenly spread samples.
    order = [spread[i] for start in range(5) for i in range(start, len(spread), 5)]
    found: list[Sample] = []
    for position in order:
        sample = split.test[position]
        if read <= sample.entries.keys():
            found.append(sample)
        if len(found) == count:
            break
    return found


def _answers(run: Run, seed: int, split: Split, arm: str, samples: Sequence[Sample]) -> dict[str, Answers]:
    phase = next(p for p in run.phases if p.arm == arm)
    model = run.trained(seed, split.name, arm)
    keys = fed(run.config, phase, model)
    return evaluate(model, samples, run.benchmark, keys, device=run.device)


def _pictures(
    run: Run, sample: Sample, number: int, answers: dict[str, dict[str, Answers]]
) -> tuple[list[tuple[str, Picture]], str]:
    """The panel of one sample: dense class answers as maps, single answers in words."""
    key = next(iter(run.config.deploy))
    seen = _input(sample, key)
    pictures = [] if seen is None else [(key, seen)]
    words = [sample.key]
    for name, task in run.benchmark.tasks.items():
        grid = run.benchmark.grids.get(name)
        if task.level == "pooled" and _has_words(name, answers):
            words.append(_in_words(name, task, number, answers))
        elif grid is not None and hasattr(task, "classes"):
            pictures += _maps(name, grid, number, answers)
    return pictures, " · ".join(words)


def _input(sample: Sample, key: str) -> Picture | None:
    """The entry as a picture; None where it is missing or its modality cannot draw."""
    if key not in sample.entries:
        return None
    entry = sample.entries[key]
    if isinstance(entry, Tensor) and entry.dim() == 3 and entry.shape[0] == 3:
        pixels = entry if entry.dtype == torch.uint8 else (entry.clamp(0, 1) * 255).round().to(torch.uint8)
        picture: Picture = pixels.permute(1, 2, 0).numpy()
        return picture
    try:
        drawn: Picture = plugins.load(modality_of(key), "xmodal.modalities").picture(sample, key)
    except (NotImplementedError, ConfigError):
        return None
    return drawn


def _maps(name: str, grid: Grid, number: int, answers: dict[str, dict[str, Answers]]) -> list[tuple[str, Picture]]:
    """Truth first; an answer is shown where the truth is known, since nothing else is scored."""
    cells = grid.shape[0] * grid.shape[1]
    part = slice(number * cells, (number + 1) * cells)
    truth = next(iter(answers.values()))[name].target[part].view(grid.shape)
    maps = [("truth", colour_map(truth.numpy(), PALETTE))]
    for arm, found in answers.items():
        answer = torch.where(truth >= 0, found[name].answer[part].view(grid.shape), -1)
        maps.append((arm, colour_map(answer.numpy(), PALETTE)))
    return maps


def _has_words(name: str, answers: dict[str, dict[str, Answers]]) -> bool:
    """Whether one answer is one number; a descriptor says nothing to a reader."""
    return all(found[name].answer.dim() == 1 for found in answers.values())


def _in_words(name: str, task: Task, number: int, answers: dict[str, dict[str, Answers]]) -> str:
    classes = getattr(task, "classes", None)

    def said(value: Tensor) -> str:
        return str(classes[int(value)]) if classes else f"{float(value):.1f} {getattr(task, 'unit', '')}".strip()

    truth = next(iter(answers.values()))[name].target[number]
    rest = ", ".join(f"{arm} {said(found[name].answer[number])}" for arm, found in answers.items())
    return f"{name}: {said(truth)}; {rest}"
