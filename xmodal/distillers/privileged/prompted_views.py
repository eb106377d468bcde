"""Prompts tell which view of a picture shows its class best; the teacher's views, mixed so, teach the plain picture.

TMKD, Powerful Teachers Matter, arXiv 2603.24208; its equations are published in no form we could read. Evidence:
described (re-implementation from the description); ancestor (Hinton's KD, InfoNCE). Ours: all equations, the shared
projector and how it learns, and the class that stands in where there is no label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.adapter import Adapter, Model, Need
from xmodal.bus import Frame
from xmodal.distillers.base import Distiller, over_rows
from xmodal.losses import hard_negative_loss, hint_loss, kd_loss
from xmodal.tasks import Task


class PromptedViews(Distiller):
    """Terms "feature" and "logits" (the mixed views), "contrast" (the class's prompt), "views" (trains the projector).

    A view counts softmax(cosine of its projected feature and its own prompt of the class / sharpness). The class is
    the label, else what the teacher answers: weights serve training alone. Prompts are encoded once by a frozen text
    teacher. The projector lies on the teacher's side; "views" trains nothing else, and the prompts, which do not
    move, keep it from collapsing.

    Args:
        task: a classification task that student and teacher answer.
        prompts: by view, a template with one "{}" for the name of the class. The first one is the contrast's.
        teacher: has `parts` of those names and an upper part that joins them, such as `Views`.
        text: the teacher that encodes prompts; does not run on the samples.
        temperature: of the logits.
        sharpness: of the weights of the views.
        contrast: the temperature of both contrasts.
    """

    projects = frozenset({"pooled"})
    words: Tensor

    def __init__(
        self,
        task: str,
        *,
        prompts: Mapping[str, str],
        teacher: str = "views",
        text: str = "text",
        temperature: float = 4.0,
        sharpness: float = 0.1,
        contrast: float = 0.07,
    ) -> None:
        super().__init__(teacher)
        if not prompts or any(template.count("{}") != 1 for template in prompts.values()):
            raise ValueError(f'prompts: expected templates with one "{{}}" by view, found {dict(prompts)}')
        if temperature <= 0 or sharpness <= 0:
            raise ValueError(f"temperature and sharpness must be positive, got {temperature} and {sharpness}")
        self.task, self.prompts, self.text = task, dict(prompts), text
        self.temperature, self.sharpness, self.contrast = temperature, sharpness, contrast

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        names = getattr(tasks[self.task], "classes", None)
        if names is None:
            raise ValueError(f"prompts need the names of classes, which task {self.task!r} does not have")
        if self.text not in models:
            raise ValueError(f"no text teacher {self.text!r} among {sorted(models)}")
        text = models[self.text]
        encode = getattr(text.adapter if isinstance(text, Model) else text, "encode_texts", None)
        if encode is None:
            raise ValueError(f"teacher {self.text!r} cannot encode prompts: it has no encode_texts")
        self.encode: Callable[[Sequence[str]], Tensor] = encode
        self.names = tuple(name.replace("_", " ") for name in names)
        self.register_buffer("words", torch.zeros(len(self.prompts), len(names), text.width))
        self.to_text = nn.Linear(models[self.teacher].width, text.width)
        self.student_to_text = nn.Linear(models["student"].width, text.width)

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(pooled=True), self.teacher: Need(pooled=True)}

    def prepare(self, frames: Iterable[Frame]) -> None:
        """Encode every prompt; the samples do not matter."""
        for view, template in enumerate(self.prompts.values()):
            self.words[view] = self.encode([template.replace("{}", name) for name in self.names])

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        taught, other = frame.taught[self.teacher], frame.other(self.teacher)
        views = torch.stack([other.parts[name].need_pooled(name) for name in self.prompts], dim=1).detach()  # [B, V, D]
        kind = self._kind(frame)
        with torch.no_grad():
            weights = self.weigh(views, kind)  # [B, V]
            mixed = (weights.unsqueeze(-1) * views).sum(1)
            answer = frame.switch[self.teacher](mixed.unsqueeze(1), None, -1, None).outputs[self.task]
        student = frame.student
        terms = {
            "feature": hint_loss(frame.student_as[self.teacher].need_pooled("student"), mixed, reduction="none"),
            "logits": kd_loss(student.outputs[self.task], answer, temperature=self.temperature, reduction="none"),
            "contrast": self._contrast(self.student_to_text(student.need_pooled("student")), kind, view=0),
            "views": torch.stack(
                [self._contrast(self.to_text(views[:, v]), kind, view=v) for v in range(len(self.prompts))]
            ).mean(0),
        }
        return {name: over_rows(term, taught) for name, term in terms.items()}

    def weigh(self, views: Tensor, kind: Tensor) -> Tensor:
        """[B, V] of sum 1: how much each view [B, V, D] of a sample of class `kind` [B] counts."""
        own = self.words[:, kind].transpose(0, 1)  # [B, V, D of text]
        return (F.cosine_similarity(self.to_text(views).float(), own, dim=-1) / self.sharpness).softmax(1)

    def _kind(self, frame: Frame) -> Tensor:
        """[B]: the class of what the teacher saw: its label, or else the teacher's answer."""
        answered = frame.other(self.teacher).outputs[self.task].argmax(-1)
        seen = frame.seen or frame.batch
        known = seen.labelled.get(self.task)
        return answered if known is None else torch.where(known, seen.labels[self.task], answered)

    def _contrast(self, vectors: Tensor, kind: Tensor, *, view: int) -> Tensor:
        """[B]: InfoNCE of vectors [B, D] with the prompt of their class; the other classes are the negatives."""
        count = len(self.names)
        others = torch.arange(count - 1, device=kind.device).expand(len(kind), -1)
        others = others + (others >= kind.unsqueeze(1))  # [B, C - 1], all classes but its own
        words = self.words[view]
        return hard_negative_loss(
            vectors, words[kind], negatives=words[others], temperature=self.contrast, reduction="none"
        )
