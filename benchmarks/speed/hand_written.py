"""The loop that `step` measures against: distillation written by hand for one experiment, with nothing to spare."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

TEMPERATURE, RATE, DECAY, CLIP = 2.0, 1e-3, 0.05, 1.0


def train(
    student: nn.Module, teachers: Sequence[nn.Module], batches: Iterable[tuple[Tensor, Tensor]], *, steps: int
) -> list[Tensor]:
    """Cross-entropy plus the mean KL to the teachers over `batches` of images and labels; returns the losses."""
    weights = [p for p in student.parameters() if p.dim() > 1]
    others = [p for p in student.parameters() if p.dim() <= 1]
    groups = [{"params": weights, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    optimizer, parameters = torch.optim.AdamW(groups, lr=RATE, fused=True), weights + others
    rising, losses = max(1, round(0.1 * steps)), []
    for step, (image, label) in enumerate(batches):
        decay = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - rising) / (steps - rising)))
        for group in optimizer.param_groups:
            group["lr"] = RATE * ((step + 1) / rising if step < rising else decay)
        with torch.no_grad():
            targets = [F.log_softmax(teacher(image) / TEMPERATURE, dim=1) for teacher in teachers]
        logits = student(image)
        loss, soft = F.cross_entropy(logits, label), F.log_softmax(logits / TEMPERATURE, dim=1)
        for target in targets:
            divergence = F.kl_div(soft, target, reduction="batchmean", log_target=True)
            loss = loss + TEMPERATURE**2 / len(targets) * divergence
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, CLIP)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.detach())
    return losses
