"""Place recognition: a descriptor by which another visit of the same place is found.

Uy, Lee, "PointNetVLAD", CVPR 2018 (protocol: runs against runs, 25 m, queries without a true neighbour left out).
Khosla et al., "Supervised contrastive learning", NeurIPS 2020, equation 2 (the loss). Evidence grade: recalled.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.bus import Tokens
from xmodal.tasks.base import Task, wide


class Retrieval(Task):
    """One descriptor a sample: near for visits of one place, far for different places. recall@1.

    A label is (x in metres, y in metres, session), float, NaN where unknown. The output is a unit vector.

    Args:
        width: D of the descriptor.
        positive_m: samples of a batch nearer than this are the same place in the loss.
        negative_m: samples farther than this are other places; those between count as neither.
        radius_m: an answer within this distance of the query is right.
        temperature: of the loss, > 0.
    """

    level = "pooled"
    metric = "recall@1"

    def __init__(
        self,
        width: int = 128,
        positive_m: float = 10.0,
        negative_m: float = 50.0,
        radius_m: float = 25.0,
        temperature: float = 0.1,
    ) -> None:
        if width < 1 or temperature <= 0 or not 0 < positive_m <= negative_m or radius_m <= 0:
            raise ValueError(
                "expected width >= 1, temperature > 0, 0 < positive_m <= negative_m and radius_m > 0, got "
                f"{width}, {temperature}, {positive_m}, {negative_m} and {radius_m}"
            )
        self.width, self.temperature = width, temperature
        self.positive_m, self.negative_m, self.radius_m = positive_m, negative_m, radius_m

    def head(self, width: int) -> nn.Module:
        return nn.Sequential(nn.Linear(width, self.width), _Unit())

    def targets(self, labels: Tensor, tokens: Tokens | None) -> Tensor:
        """[B, 3]: x, y, session."""
        if labels.dim() != 2 or labels.shape[1] != 3:
            raise ValueError(f"a place is (x_m, y_m, session), got labels of shape {list(labels.shape)}")
        return labels.float()

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """[B]: minus the mean log-probability of picking each sample of the same place out of the batch.

        Samples that have a known place, but no other sample of it in the batch, count zero and do not dilute the
        mean over the known ones.
        """
        known = target.isfinite().all(1)
        place = target[:, :2].nan_to_num()
        distance = (place.unsqueeze(1) - place.unsqueeze(0)).norm(dim=-1)  # [B, B], not cdist: exact at zero
        other = known.unsqueeze(1) & known.unsqueeze(0) & ~torch.eye(len(known), dtype=torch.bool, device=known.device)
        same, differs = other & (distance < self.positive_m), other & (distance > self.negative_m)
        descriptor = wide(output)
        with torch.autocast(output.device.type, enabled=False):
            logits = descriptor @ descriptor.T / self.temperature
        log_share = logits - logits.masked_fill(~(same | differs), -torch.inf).logsumexp(1, keepdim=True)
        each = -log_share.where(same, log_share.new_zeros(())).sum(1) / same.sum(1).clamp_min(1)
        anchors = same.any(1)
        share: Tensor = known.sum() / anchors.sum().clamp_min(1)
        return torch.where(anchors, each, 0.0) * share

    def answer(self, output: Tensor) -> Tensor:
        """[B, D] the descriptors."""
        return wide(output)

    def beliefs(self, output: Tensor) -> Tensor:
        return wide(output)

    def metrics(self, answer: Tensor, target: Tensor) -> dict[str, float]:
        """Mean over ordered pairs of sessions: queries of one, answers from the other.

        recall@k: share of queries with a right answer among the k nearest; "recall@1%" takes one in a hundred of the
        other session's samples, at least one. A query whose place the other session never visited is left out.
        """
        found: dict[str, list[float]] = {"recall@1": [], "recall@5": [], "recall@1%": []}
        known = target.isfinite().all(1)
        answer, target = answer[known], target[known]
        sessions = sorted(set(target[:, 2].tolist()))
        for query in sessions:
            for base in sessions:
                if query != base:
                    q, b = target[:, 2] == query, target[:, 2] == base
                    self._compare(answer[q], target[q], answer[b], target[b], found)
        return {name: sum(v) / len(v) if v else float("nan") for name, v in found.items()}

    def _compare(
        self, query: Tensor, query_at: Tensor, base: Tensor, base_at: Tensor, found: dict[str, list[float]]
    ) -> None:
        right = torch.cdist(query_at[:, :2].double(), base_at[:, :2].double()) <= self.radius_m  # [Q, N]
        fair = right.any(1)
        if not fair.any():
            return
        order = (query[fair] @ base.T).argsort(dim=1, descending=True)
        hit = right[fair].gather(1, order)
        one_percent = max(round(len(base) / 100), 1)
        for name, k in {"recall@1": 1, "recall@5": 5, "recall@1%": one_percent}.items():
            found[name].append(float(hit[:, :k].any(1).float().mean()))


class _Unit(nn.Module):
    """x / |x|, in float32 at least."""

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(wide(x), dim=-1)
