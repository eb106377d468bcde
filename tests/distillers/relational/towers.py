"""A student's image, its text tower as a peer, and a CLIP teacher with two parts, made by hand."""

from __future__ import annotations

from types import SimpleNamespace

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.bus import Embedding, Frame
from xmodal.data.batch import Batch

B, OWN, TEXT, THEIRS = 6, 5, 3, 4
MODELS = {
    "student": SimpleNamespace(width=OWN),
    "clip": SimpleNamespace(width=THEIRS),
    "text": SimpleNamespace(width=TEXT),
}
EVERY = torch.ones(B, dtype=torch.bool)


def frame(*, clip: Tensor = EVERY, text: Tensor = EVERY) -> Frame:
    """clip, text: [B] bool, the samples that either can read. All vectors are leaves."""
    torch.manual_seed(0)
    image, words, own, small = (torch.randn(B, w, requires_grad=True) for w in (THEIRS, THEIRS, OWN, TEXT))
    teacher = Embedding(
        parts={"image": Embedding(pooled=image), "text": Embedding(pooled=words)},
        outputs={"logit_scale": torch.full((B,), 7.0, requires_grad=True)},
    )
    return Frame(
        student=Embedding(pooled=own),
        batch=Batch(tuple(map(str, range(B))), {}, torch.arange(B)),
        teachers={"clip": teacher},
        peers={"text": Embedding(pooled=small)},
        taught={"clip": clip, "text": text},
    )


def connected(distiller):
    torch.manual_seed(1)
    distiller.connect(MODELS, {})
    return distiller


def units(distiller, given: Frame) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Unit vectors: the student's image and text in the joint space, the teacher's image and text."""
    parts = given.teachers["clip"].parts
    image = given.student.pooled @ distiller.image_head.weight.T
    text = given.peers["text"].pooled @ distiller.text_head.weight.T
    found = (image, text, parts["image"].pooled, parts["text"].pooled)
    return tuple(F.normalize(x, dim=1) for x in found)


def kl(student: Tensor, teacher: Tensor) -> Tensor:
    p, q = teacher.softmax(1), student.softmax(1)
    return (p * (p / q).log()).sum(1).mean()


def find(logits: Tensor) -> Tensor:
    """Cross-entropy of each row for its own column."""
    return -logits.softmax(1).diagonal().log().mean()


def check_only_the_student_learns(distiller, given: Frame) -> None:
    sum(distiller(given).values()).backward()
    teacher = given.teachers["clip"]
    for leaf in (teacher.parts["image"].pooled, teacher.parts["text"].pooled, teacher.outputs["logit_scale"]):
        assert leaf.grad is None
    for leaf in (given.student.pooled, given.peers["text"].pooled, *distiller.parameters()):
        assert leaf.grad is not None
        assert leaf.grad.any()


def check_like_without(distiller, mask: Tensor) -> None:
    """Samples that the teacher, or the text tower, cannot read count as if they were not there."""
    found = distiller(frame(clip=mask))
    other = distiller(frame(text=mask))
    whole = frame()
    few = Frame(
        student=whole.student.rows(mask.nonzero().squeeze(1)),
        batch=whole.batch,
        teachers={"clip": whole.teachers["clip"].rows(mask.nonzero().squeeze(1))},
        peers={"text": whole.peers["text"].rows(mask.nonzero().squeeze(1))},
        taught=dict.fromkeys(("clip", "text"), mask[mask]),
    )
    expected = distiller(few)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)
        torch.testing.assert_close(other[name], value)
