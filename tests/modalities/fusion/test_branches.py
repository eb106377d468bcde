"""Branches keep the contract; their vectors are joined, everything else is the first one's."""

import pytest
import torch

from contract.toys import Patches, batch
from xmodal.adapter import Need
from xmodal.errors import ConfigError
from xmodal.modalities.fusion import Branches
from xmodal.testing import check_adapter

EVERYTHING = Need(pooled=True, tokens=True, layers=True)


def test_contract():
    check_adapter(Branches())
    check_adapter(Branches({"a": Patches(width=4), "b": Patches(width=6)}), batch())
    check_adapter(Branches({"a": Patches(), "b": Patches()}, pooling="average"), batch())


def test_what_the_branches_say_is_joined():
    parts = {"a": Patches(width=4), "b": Patches(width=6)}
    found = Branches(parts)(batch(), EVERYTHING)
    alone = {name: part(batch(), EVERYTHING) for name, part in parts.items()}
    assert torch.equal(found.pooled, torch.cat([alone["a"].pooled, alone["b"].pooled], 1))
    assert torch.equal(found.tokens.x, alone["a"].tokens.x)
    assert list(found.parts) == ["a", "b"]
    for name, part in found.parts.items():
        assert all(torch.equal(x.x, y.x) for x, y in zip(part.layers, alone[name].layers, strict=True))
    twins = {"a": Patches(), "b": Patches()}
    mean = (twins["a"](batch(), EVERYTHING).pooled + twins["b"](batch(), EVERYTHING).pooled) / 2
    torch.testing.assert_close(Branches(twins, "average")(batch(), EVERYTHING).pooled, mean)


@pytest.mark.parametrize(
    ("parts", "pooling", "said"),
    [
        ({"a": Patches()}, "concatenate", "two or more adapters"),
        ({"a": Patches(), "b": Patches("depth")}, "concatenate", "read the same entries"),
        ({"a": Patches(width=4), "b": Patches()}, "average", "found widths"),
        ({"a": Patches(), "b": Patches()}, "most", "found 'most'"),
    ],
)
def test_mistakes_are_named(parts, pooling, said):
    with pytest.raises(ConfigError, match=said):
        Branches(parts, pooling)
