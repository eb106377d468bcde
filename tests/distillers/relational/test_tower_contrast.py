"""A CLIP model's own loss: both towers and the scale learn, and it is the mean of both directions."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from distillers.relational.towers import frame
from xmodal.bus import Embedding
from xmodal.distillers import TowerContrast
from xmodal.errors import ConfigError


def test_both_towers_find_each_other():
    given = frame()
    model = given.teachers["clip"]
    now = replace(given, student=model)
    found = TowerContrast()(now)["contrast"]
    image, text = (F.normalize(model.parts[name].pooled, dim=1) for name in ("image", "text"))
    own = torch.arange(len(image))
    logits = 7 * image @ text.T
    torch.testing.assert_close(found, (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2)
    found.backward()
    assert all(part.pooled.grad.any() for part in model.parts.values())
    assert model.outputs["logit_scale"].grad.any()


def test_nothing_of_it_is_trained_itself():
    assert not any(p.requires_grad for p in TowerContrast().parameters())


def test_a_model_without_towers_is_told():
    now = replace(frame(), student=Embedding(pooled=torch.zeros(6, 4)))
    with pytest.raises(ConfigError, match="part of 'student'"):
        TowerContrast()(now)
