"""The losses between token distributions, for the tests that every loss passes."""

from collections.abc import Callable, Mapping
from typing import Any

from losses.case import ROWS, TOKENS, B, Case, D, N, Shape
from losses.logits import slow_tokens as slow
from losses.slow import per_item
from xmodal import losses

MAPS = (B, 3, 4)


def _both(
    name: str, options: Mapping[str, Any], one: Callable[..., Any], classes: int = D, **more: Any
) -> dict[str, Case]:
    """A loss on samples and on tokens."""
    loss, module = (getattr(losses, n) for n in (f"{name}_loss", _class(name)))
    more = {"options": options, "positive": ("temperature",), **more}
    shapes: dict[str, tuple[Shape, tuple[Shape, ...]]] = {
        "": ((B, classes), ROWS),
        "-tokens": ((B, N, classes), TOKENS),
    }
    return {
        name.replace("_", "-") + end: Case(loss, module, shape, one, masks, **more)
        for end, (shape, masks) in shapes.items()
    }


def _class(name: str) -> str:
    return next(n for n in losses.__all__ if n.lower() == name.replace("_", "") + "loss")


def _mask_kd(**options: Any) -> Case:
    return Case(
        losses.mask_kd_loss,
        losses.MaskKDLoss,
        MAPS,
        slow.mask_kd,
        ROWS,
        options=options,
        extras={"labels": MAPS, "confidence": (B,)},
        not_negative=("labels", "confidence"),
        zero_at_identity=False,  # the labels are not the student's masks
        detects_shuffling=False,  # the labels weigh too much, with random confidences
    )


CASES = {
    **_both("reverse_kl", {"temperature": 2.5}, per_item(slow.reverse_kl, 1)),
    **_both("generalized_jsd", {"beta": 0.3, "temperature": 1.5}, per_item(slow.generalized_jsd, 1)),
    **_both(
        "entropy_gated",
        {"threshold": 1.3, "weight": 0.7, "temperature": 1.5},
        per_item(slow.entropy_gated, 1),
        positive=("weight", "temperature"),
    ),
    **_both("uncertainty_kd", {"temperature": 2.5}, slow.uncertainty_kd),
    **_both("figkd", {}, per_item(slow.figkd, 1), positive=()),
    **_both("bild", {"top_k": 3, "temperature": 1.5}, per_item(slow.bild, 1)),
    **_both("dbild", {"temperature": 1.5, "curve": 10, "least": 2, "most": 5}, per_item(slow.dbild, 1), classes=12),
    "mask-kd": _mask_kd(),
    "mask-kd-released": _mask_kd(form="released"),
}
for _beta in (0.0, 1.0):
    _ends = _both("generalized_jsd", {"beta": _beta, "temperature": 1.5}, per_item(slow.generalized_jsd, 1))
    CASES[f"generalized-jsd-{_beta:.0f}"] = _ends["generalized-jsd-tokens"]
for _lead in ("teacher", "student"):
    _led = _both("bild", {"top_k": 3, "temperature": 1.5, "lead": _lead}, per_item(slow.bild, 1))
    CASES[f"bild-{_lead}-led"] = _led["bild-tokens"]
