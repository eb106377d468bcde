"""The public contract test finds what it is there to find."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from contract.toys import Patches, batch
from xmodal.bus import Embedding
from xmodal.modalities.image import TimmImage
from xmodal.modalities.lidar import PointEncoder
from xmodal.testing import check_adapter


@pytest.mark.parametrize(
    "options", [{"backbone": "test_resnet"}, {"backbone": "test_vit", "options": {"img_size": 64}}]
)
def test_timm_backbones_keep_the_contract(options):
    check_adapter(TimmImage(**options))


def test_a_pyramid_keeps_the_contract_and_its_grid_follows_the_stride():
    adapter = TimmImage("test_resnet", token_stride=8, pyramid_width=16)
    check_adapter(adapter)
    assert adapter(TimmImage.example(2), need_tokens()).tokens.grid == (8, 8)


def test_the_point_encoder_keeps_the_contract():
    check_adapter(PointEncoder(width=16, depth=2))


def need_tokens():
    from xmodal.adapter import Need

    return Need(pooled=True, tokens=True)


class WrongWidth(Patches):
    def forward(self, batch, need):
        found = super().forward(batch, need)
        return replace(found, pooled=found.pooled[:, :3])


class Eager(Patches):
    def _embedding(self, layers, need):
        return Embedding(pooled=layers[-1].mean(), tokens=layers[-1], layers=tuple(layers))


class Mixing(Patches):
    """Its answer for one sample depends on the others."""

    def forward(self, batch, need):
        found = super().forward(batch, need)
        return replace(found, pooled=found.pooled - found.pooled.mean(0))


class Peeking(Patches):
    """Reads an entry that it does not name."""

    def forward(self, batch, need):
        found = super().forward(batch, need)
        extra = batch.entries.get("depth", torch.zeros(1)).sum()
        return replace(found, pooled=found.pooled + extra)


class Frozen(Patches):
    def __init__(self):
        super().__init__()
        self.spare = nn.Linear(1, 1)

    def forward(self, batch, need):
        found = super().forward(batch, need)
        return Embedding(
            pooled=found.pooled.detach() + 0 * self.spare.weight.sum(),
            tokens=replace(found.tokens, x=found.tokens.x.detach()),
            layers=found.layers,
        )


@pytest.mark.parametrize(
    ("adapter", "rule"),
    [
        (WrongWidth(), "`width` says"),
        (Eager(), "layers were computed although nobody needs them"),
        (Mixing(), "depends on the other samples"),
        (Peeking(), "entries outside `inputs`"),
        (Frozen(), "no parameter got a gradient"),
    ],
)
def test_a_broken_rule_is_named(adapter, rule):
    with pytest.raises(AssertionError, match=rule):
        check_adapter(adapter, batch())
