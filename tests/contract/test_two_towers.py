"""CLIP-RD in miniature: image and text towers as parts; similarities of teacher and student towers are compared."""

import torch
from torch import nn
from torch.nn import functional as F

from contract.toys import Patches, batch, gradients
from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding
from xmodal.distillation import Distillation
from xmodal.distillers import Distiller
from xmodal.losses import kd_loss


class Towers(Adapter):
    modality = "image"
    inputs = ("image", "text")
    width = 8

    def __init__(self):
        super().__init__()
        self.image, self.text = Patches(), nn.EmbeddingBag(11, 8)

    def forward(self, batch, need):
        image, text = self.image(batch, need), Embedding(pooled=self.text(batch["text"]))
        return Embedding(parts={"image": image, "text": text})


class Vertical(Distiller):
    """Teacher-student similarity inside each tower; the image side is pulled to the text side (VRD)."""

    def needs(self):
        return {"student": Need(pooled=True), self.teacher: Need(pooled=True)}

    def forward(self, frame):
        def between(part):
            student, teacher = frame.student.parts[part].pooled, frame.teachers[self.teacher].parts[part].pooled
            return F.normalize(teacher, dim=1) @ F.normalize(student, dim=1).T

        return {"vrd": kd_loss(between("image"), between("text").detach(), temperature=1.0, reduction="none")}


def test_the_relation_trains_the_image_tower_and_leaves_the_text_tower_alone():
    student, teacher = Towers(), Towers()
    step = Distillation(student, {}, teachers={"clip": teacher}, distillers={"rd": Vertical("clip")}).train()
    losses = step(batch(text=torch.randint(0, 11, (6, 4))))
    assert losses.terms["rd/vrd"].shape == (6,)
    losses.total.backward()
    assert {name.split(".")[0] for name in gradients(student)} == {"image"}
    assert not gradients(teacher)
