"""The student asks several frozen teachers and learns from their answers, each as far as it suits the sample.

DiverseDistill ("Wisdom of Committee"), arXiv 2402.14035: re-implementation from the description; the equations are
ours. Evidence: described.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.distillers.switch._terms import width_above
from xmodal.losses import CosineLoss, hint_loss
from xmodal.tasks import Task

Asked = Literal["alone", "added"]


class QuestionAnswer(Distiller):
    """The student asks several frozen teachers and learns from the answers, as far as each teacher suits the sample.

    Questions made from its pooled state enter a layer of each teacher; answers come back to its width. Terms, each
    over the teachers that a sample is left with, weighted by their importance for it:

    - "answer": the student's state against the answers, which stand still; the importance stands still, too.
    - "label": the task's loss of a head on the answers. It trains questions, answers and importance.
    - "rebuild": squared error between a linear map of the answer and what the teacher itself says, its pooled vector.

    The last two keep answers from collapsing onto whatever the student says: a constant answers neither. Importance is
    softmax_i (W_q state . W_k e_i / sqrt d) with a learned embedding e_i of each teacher, which is added to its
    questions as well. A teacher whose importance is below `least` is not asked: the pass of that sample's questions
    is skipped (not the teacher's own pass over the sample, which "rebuild" reads). The buffers `asked` and `skipped`
    [teachers] count both kinds in training.

    Args:
        teachers: names; their adapters must offer `upper`.
        task: a pooled task; its labels train the answers.
        layers: by teacher, the hidden layer that questions enter; -1, which stands for the teacher's tokens, where
            none is named.
        form: "alone": `questions` tokens take the place of the teacher's; "added": one question is added to each of
            the teacher's own tokens of that sample, so that the answer knows what the teacher saw. The second is ours.
        questions: how many, for "alone". A teacher that takes no other number than its own says so.
        hidden: width inside the perceptrons, of the embeddings e_i, and d above.
        loss: `(student, answer)` giving a value a sample; 1 - cosine if None.
        least: of the importance, from 0 (ask all) to below 1 / teachers.

    Raises:
        ValueError: no or repeated teachers, an unknown form, a layer of no teacher, `least` out of range.
    """

    asked: Tensor
    skipped: Tensor

    def __init__(
        self,
        teachers: Sequence[str],
        *,
        task: str,
        layers: Mapping[str, int] | None = None,
        form: Asked = "alone",
        questions: int = 8,
        hidden: int = 64,
        loss: nn.Module | None = None,
        least: float = 0.0,
    ) -> None:
        if isinstance(teachers, str) or not teachers or len(set(teachers)) < len(teachers):
            raise ValueError(f"teachers: expected several different names, found {teachers!r}")
        if form not in get_args(Asked):
            raise ValueError(f"form: expected one of {get_args(Asked)}, found {form!r}")
        if not 0 <= least < 1 / len(teachers):
            raise ValueError(f"least: expected from 0 to below 1 / {len(teachers)}, found {least}")
        strange = sorted(set(layers or {}) - set(teachers))
        if strange:
            raise ValueError(f"layers: {strange[0]!r} is none of the teachers {tuple(teachers)}")
        super().__init__(teachers[0])
        self.reads = tuple(teachers)
        self.task, self.form, self.least, self.hidden = task, form, least, hidden
        self.layers = {name: (layers or {}).get(name, -1) for name in teachers}
        self.questions = questions if form == "alone" else 1
        self.loss = CosineLoss(reduction="none") if loss is None else loss
        for count in ("asked", "skipped"):
            self.register_buffer(count, torch.zeros(len(teachers), dtype=torch.long))

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        own, hidden = models["student"].width, self.hidden
        self.target, self.head = tasks[self.task], tasks[self.task].head(own)
        self.query, self.key = nn.Linear(own, hidden), nn.Linear(hidden, hidden)
        self.kinds = nn.Parameter(torch.randn(len(self.reads), hidden))
        self.ask, self.greet, self.answer, self.rebuild = (nn.ModuleDict() for _ in range(4))
        for name in self.reads:
            width = width_above(models[name], self.layers[name], "QuestionAnswer")
            self.ask[name] = _perceptron(own, hidden, self.questions * width)
            self.greet[name] = nn.Linear(hidden, width)
            self.answer[name] = _perceptron(models[name].width, hidden, own)
            self.rebuild[name] = nn.Linear(own, models[name].width)

    def needs(self) -> Mapping[str, Need]:
        added = self.form == "added"
        own = {
            name: Need(pooled=True, tokens=added and layer == -1, layers=added and layer != -1)
            for name, layer in self.layers.items()
        }
        return {"student": Need(pooled=True), **own}

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        state = frame.student.need_pooled("student")
        weight = self._importance(state, frame)  # [B, teachers], 0 for those that are not asked
        terms = {name: state.new_zeros(len(state), dtype=torch.float32) for name in ("answer", "label", "rebuild")}
        for i, name in enumerate(self.reads):
            rows = (weight[:, i] > 0).nonzero().squeeze(1)
            if not len(rows):
                continue
            answer, share = self._answer(i, state[rows], rows, frame), weight[rows, i]
            teacher = frame.teachers[name].need_pooled(name)[rows]
            values = {
                "answer": share.detach() * self.loss(state[rows], answer.detach()),
                "rebuild": share.detach() * hint_loss(self.rebuild[name](answer), teacher, reduction="none"),
                "label": share * self._label(answer, rows, frame),
            }
            terms = {term: whole.index_add(0, rows, values[term].float()) for term, whole in terms.items()}
        any_asked = (weight > 0).any(1)
        labelled = frame.labelled.get(self.task, torch.zeros_like(any_asked))
        kept = {"answer": any_asked, "label": any_asked & labelled, "rebuild": any_asked}
        return {term: over_rows(value, kept[term]) for term, value in terms.items()}

    def _importance(self, state: Tensor, frame: Frame) -> Tensor:
        """[B, teachers]: of those taught and not below `least`, summing to 1; zeros where nobody was taught."""
        taught = torch.stack([frame.taught[name] for name in self.reads], 1)
        score = (self.query(state) @ self.key(self.kinds).T).float() / self.hidden**0.5
        share = score.masked_fill(~taught, float("-inf")).softmax(1).where(taught, score.new_zeros(()))
        kept = taught & (share >= self.least) & (share > 0)
        if self.training:
            self.asked += kept.sum(0)
            self.skipped += (taught & ~kept).sum(0)
        share = share * kept
        whole: Tensor = share / share.sum(1, keepdim=True).clamp_min(1e-12)
        return whole

    def _answer(self, teacher: int, state: Tensor, rows: Tensor, frame: Frame) -> Tensor:
        """[b, D_student] of the samples `rows`; the teacher's upper part runs for no other."""
        name = self.reads[teacher]
        layer, valid = self.layers[name], None
        question = self.ask[name](state).view(len(rows), self.questions, -1) + self.greet[name](self.kinds[teacher])
        if self.form == "added":
            seen = frame.teachers[name]
            own = seen.need_tokens(name) if layer == -1 else seen.layers[layer]
            question = own.x[rows] + question
            valid = None if own.valid is None else own.valid[rows]
        upper = frame.switch[name](question, valid, layer, rows)
        answer: Tensor = self.answer[name](upper.need_pooled(name))
        return answer

    def _label(self, answer: Tensor, rows: Tensor, frame: Frame) -> Tensor:
        """[b]: the task's loss of the head; 0 for samples without a label."""
        output = self.head(answer)
        if self.task not in frame.labels:
            nothing: Tensor = output.float().sum(1) * 0
            return nothing
        target = self.target.targets(frame.labels[self.task], None)[rows]
        known = frame.labelled[self.task][rows]
        loss = self.target.loss(output, target)
        return loss.where(known, loss.new_zeros(()))


def _perceptron(width: int, hidden: int, out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, out))
