"""From what a loss gives to a term: masks applied, one value a sample."""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.adapter import Adapter
from xmodal.distillers.base import mean_over, over_rows


def compared(loss: nn.Module, student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """[B], or a scalar where the loss has no items.

    Args:
        loss: a module `(student, teacher, mask=...)`, best with reduction="none".
        mask: [B] or [B, N] bool, which items count.
    """
    value: Tensor = loss(student, teacher, mask=mask)
    if value.ndim == 0:
        return value
    if value.ndim > mask.ndim:
        value = value.flatten(mask.ndim).mean(-1)
    return over_rows(value, mask) if value.ndim == 1 else mean_over(value, mask)


def width_above(model: Adapter, layer: int, owner: str) -> int:
    """D of the tokens that enter above a layer of the model; -1 stands for its tokens.

    Raises:
        ValueError: the model has no such layer, or no tokens.
    """
    if not -1 <= layer < len(model.layer_widths):
        raise ValueError(f"{owner}: expected a layer from -1 to {len(model.layer_widths) - 1}, found {layer}")
    width = model.token_width if layer == -1 else model.layer_widths[layer]
    if not width:
        raise ValueError(f"{owner}: the teacher {type(model).__name__} has no tokens that others could stand for")
    return width


def check_bus_fits(model: Adapter, layer: int, owner: str) -> None:
    """The bus brings the student to the width of the teacher's tokens, so the layer must have that width.

    Raises:
        ValueError: it has another.
    """
    width = width_above(model, layer, owner)
    if width != model.token_width:
        raise ValueError(f"{owner}: layer {layer} has width {width}, the teacher's tokens have {model.token_width}")
