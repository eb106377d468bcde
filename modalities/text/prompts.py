"""Class names as prompts: the zero-shot classifier of a model that puts images and texts in one space."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from xmodal.errors import ConfigError, DataError

PLAIN = ("a photo of a {}.",)
VARIED = (*PLAIN, "a photo of the {}.", "a close view of a {}.", "a {} in the distance.", "a drawing of a {}.")
"""Templates; "{}" takes the name of the class."""


def fill_templates(name: str, templates: Sequence[str]) -> list[str]:
    """The prompts of one class; underscores of the name become blanks."""
    for template in templates:
        if template.count("{}") != 1:
            raise ConfigError(f"template {template!r}: expected one {{}} where the class name goes")
    plain = name.replace("_", " ").strip()
    # No str.format: a name or a template may hold other braces.
    return [template.replace("{}", plain) for template in templates]


def zero_shot_weights(
    encode: Callable[[Sequence[str]], Tensor], names: Sequence[str], templates: Sequence[str] = PLAIN
) -> Tensor:
    """One vector for each class: the normalised mean over templates of the normalised prompt embeddings.

    Args:
        encode: texts to embeddings [n, D], such as `OpenClip.encode_texts`.
        names: of the classes, in the order of their numbers.
        templates: each with one "{}".

    Returns:
        [C, D] of length 1, float32 (float64 stays).

    Raises:
        DataError: no class, a blank name, or one name twice. ConfigError: no template, or one without its "{}".
    """
    if not templates:
        raise ConfigError("expected at least one template, found none")
    if not names:
        raise DataError("class names", expected="at least one", found="none")
    seen: set[str] = set()
    for name in names:
        if not name.strip() or name in seen:
            found = f"{name!r} twice" if name.strip() else "a blank one"
            raise DataError("class names", expected="each name once, none blank", found=found)
        seen.add(name)
    prompts = [prompt for name in names for prompt in fill_templates(name, templates)]
    each = _unit(encode(prompts)).view(len(names), len(templates), -1)  # [C, T, D]
    return _unit(each.mean(1))


def zero_shot_logits(embedding: Tensor, weights: Tensor, scale: float | Tensor = 100.0) -> Tensor:
    """Cosines of images and classes times `scale` (100 is where CLIP's training ends).

    Args:
        embedding: [B, D] of images, of any length.
        weights: [C, D] from `zero_shot_weights`.

    Returns:
        [B, C] logits.
    """
    if embedding.dim() != 2 or weights.dim() != 2 or embedding.shape[1] != weights.shape[1]:
        found = f"{list(embedding.shape)} and {list(weights.shape)}"
        raise ValueError(f"expected embedding [B, D] and weights [C, D], found {found}")
    unit = _unit(embedding)
    return scale * unit @ weights.to(unit.dtype).T


def _unit(x: Tensor) -> Tensor:
    return F.normalize(x if x.dtype == torch.float64 else x.float(), dim=-1)
