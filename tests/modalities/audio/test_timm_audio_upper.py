"""The upper part of an audio network continues where a layer left off."""

import pytest
import torch

from xmodal.adapter import Need
from xmodal.data.batch import Batch, collate
from xmodal.data.sample import Rows, Sample
from xmodal.modalities.audio import TimmAudio

ALL = Need(pooled=True, tokens=True, layers=True)


def batch(*lengths: int) -> Batch:
    torch.manual_seed(0)
    return collate([Sample(f"{i}", {"audio": Rows(0.1 * torch.randn(n, 1))}) for i, n in enumerate(lengths)])


@pytest.mark.parametrize("lengths", [(8000, 8000, 8000), (4321, 16000, 9876)])
@pytest.mark.parametrize("layer", [-1, 0, 2, 4])
def test_its_own_tokens_lead_to_its_own_state(lengths: tuple[int, ...], layer: int) -> None:
    model, sounds = TimmAudio("test_resnet").eval(), batch(*lengths)
    full = model(sounds, ALL)
    given = full.layers[layer]
    again = model.upper(sounds, given.x, given.valid, layer, None)
    torch.testing.assert_close(again.pooled, full.pooled)
    rows = torch.tensor([2, 0])
    valid = None if given.valid is None else given.valid[rows]
    some = model.upper(sounds, given.x[rows], valid, layer, rows)
    torch.testing.assert_close(some.pooled, full.pooled[rows])


def test_any_number_of_columns_may_enter_and_gradient_reaches_them() -> None:
    model = TimmAudio("test_resnet").eval().requires_grad_(False)
    rows = model(batch(8000), ALL).layers[2].grid[0]  # type: ignore[index]
    asked = torch.randn(1, 3 * rows, model.layer_widths[2], requires_grad=True)
    model.upper(batch(8000), asked, None, 2, None).need_pooled("audio").sum().backward()
    assert asked.grad is not None
    assert asked.grad.any()
    with pytest.raises(ValueError, match="rows of frequency, found N = 7"):
        model.upper(batch(8000), torch.zeros(1, 7, model.layer_widths[2]), None, 2, None)
    with pytest.raises(ValueError, match="expected a layer from -1 to 4, found 5"):
        model.upper(batch(8000), asked, None, 5, None)


def test_a_transformer_of_timm_says_that_it_cannot_be_entered() -> None:
    model = TimmAudio("test_vit", settings={"frames": 48}, options={"img_size": (64, 48)})
    tokens = model.eval()(batch(8000), ALL).tokens
    assert tokens is not None
    with pytest.raises(ValueError, match="no chain of stages"):
        model.upper(batch(8000), tokens.x, None, 0, None)
