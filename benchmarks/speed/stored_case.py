"""What the bench of stored teachers trains: a student, three teachers, their stores, and the loop by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Model, Need
from xmodal.balance import FixedWeights
from xmodal.data.batch import Batch, collate
from xmodal.data.sample import Sample
from xmodal.distillation import Distillation
from xmodal.distillers import Compare
from xmodal.engine.optimiser import optimiser
from xmodal.engine.schedule import Schedule
from xmodal.losses import CosineLoss, KDLoss, cosine_loss
from xmodal.modalities.image import TimmImage
from xmodal.store import Store, StoredTeacher, write_store
from xmodal.store.batches import Items
from xmodal.store.manifest import described
from xmodal.store.writer import Job
from xmodal.tasks import Classification

SEED = 0
TASK, TASKS = "kind", {"kind": Classification(tuple("abcdefghij"))}
NAMES = ("first", "second", "third")
SAMPLES, SIZE = 256, 16
"""In an epoch, and in a batch."""
NEEDS = {"pooled + logits": Need(pooled=True), "tokens": Need(tokens=True)}


def model(seed: int) -> Model:
    """A residual net on images of 64 x 64 pixels: the student with seed 0, teachers with others."""
    torch.manual_seed(seed)
    return Model(TimmImage(backbone="test_resnet", token_stride=8), TASKS)


@cache
def samples() -> list[Sample]:
    make = torch.Generator().manual_seed(SEED)
    labels = torch.randint(10, (SAMPLES,), generator=make)
    images = torch.rand(SAMPLES, 3, 64, 64, generator=make)
    return [Sample(f"s{i:04d}", {"image": images[i]}, labels={TASK: labels[i]}) for i in range(SAMPLES)]


def batches() -> list[Batch]:
    """One epoch."""
    return [collate(samples()[i : i + SIZE], range(i, i + SIZE)) for i in range(0, SAMPLES, SIZE)]


def write_stores(folder: Path) -> None:
    """One for each teacher and each side, in float32, with what that side asks for: as `xmodal cache` writes them."""
    for number, name in enumerate(NAMES):
        teacher = model(1 + number).eval().requires_grad_(False)
        items = Items.of(samples(), range(SAMPLES), (), 0)
        for side, need in NEEDS.items():
            made = described(teacher, items, need=side)
            write_store(folder / side / name, Job(teacher, need, items, torch.device("cpu"), made))


def distillation(side: str, folder: Path | None) -> Distillation:
    """The student alone, or with three teachers from their stores in a folder, or with the teachers themselves."""
    if side == "student alone":
        return Distillation(model(0), TASKS)
    live = {name: model(1 + number).eval().requires_grad_(False) for number, name in enumerate(NAMES)}
    distillers = {}
    for name in NAMES:
        if side == "tokens":
            distillers[f"tokens_{name}"] = Compare(CosineLoss(reduction="none"), what="tokens", teacher=name)
        else:
            loss = KDLoss(temperature=2.0, reduction="none")
            distillers[f"soft_{name}"] = Compare(loss, what="output", task=TASK, teacher=name)
            distillers[f"pooled_{name}"] = Compare(CosineLoss(reduction="none"), what="pooled", teacher=name)
    torch.manual_seed(SEED)
    built = Distillation(model(0), TASKS, teachers=live, distillers=distillers, balance=FixedWeights())
    if folder is not None and side != "live":
        for name, teacher in live.items():
            built.teachers[name] = _stored(folder / side / name, teacher)
    return built


def _stored(folder: Path, teacher: Adapter) -> Adapter:
    """As `xmodal train --store` reads it: the keys are looked up once, for all batches."""
    store = Store(folder)
    return StoredTeacher(store, teacher, store.places(sample.key for sample in samples()))


def targets(folder: Path) -> list[dict[str, Tensor]]:
    """By batch: each teacher's tokens [B, N, D], ready."""
    stores = {name: Store(folder / "tokens" / name) for name in NAMES}
    return [{name: store.read(batch.keys).need_tokens(name).x for name, store in stores.items()} for batch in batches()]


def by_hand(feed: Iterable[Batch], ready: Sequence[dict[str, Tensor]], *, steps: int) -> list[Tensor]:
    """Cross-entropy and, for each teacher, a projector and the cosine of every token; returns the losses."""
    built = distillation("tokens", None)  # gives student and projectors their first weights
    student = built.student
    projectors = {name: built.bus.projectors[name]["tokens"] for name in NAMES}  # type: ignore[index]
    schedule, losses = Schedule(steps=steps), []
    optimizer = optimiser(built, schedule)
    trained = [p for group in optimizer.param_groups for p in group["params"]]
    built.train()
    for step, batch in enumerate(feed):
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate(step)
        embedding = student(batch, NEEDS["tokens"])
        loss = nn.functional.cross_entropy(embedding.outputs[TASK], batch.labels[TASK])
        for name, target in ready[step % len(ready)].items():
            loss = loss + cosine_loss(projectors[name](embedding.tokens.x), target)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(trained, schedule.clip_norm)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.detach())
    return losses
