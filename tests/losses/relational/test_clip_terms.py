"""CLIP-KD and CLIP-RD as a whole: names, parameters, masks and blocks of rows."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from xmodal.losses import (
    CLIPKDTerms,
    CLIPRDTerms,
    clip_affinity_loss,
    clip_feature_loss,
    contrastive_loss,
    interactive_contrastive_loss,
)

ALL = ("task", "crd", "fd", "icl", "gd", "afd", "cross_kd")
SCALES = {"student_scale": 4.0, "teacher_scale": 6.0}


def _four(teacher_width: int) -> dict[str, Tensor]:
    widths = {"student": 5, "teacher": teacher_width, "student_text": 5, "teacher_text": teacher_width}
    return {name: torch.randn(6, width, dtype=torch.float64) for name, width in widths.items()}


def _made(kind: type[nn.Module], teacher_width: int, **options: Any) -> nn.Module:
    if kind is CLIPKDTerms:
        options = {"terms": ALL, **options}
    torch.manual_seed(3)
    return kind(student_width=5, teacher_width=teacher_width, **options)


every = pytest.mark.parametrize("teacher_width", [5, 8])
both = pytest.mark.parametrize("kind", [CLIPKDTerms, CLIPRDTerms])


@both
@every
def test_terms_are_named_scalars_and_all_parameters_learn(kind: type[nn.Module], teacher_width: int) -> None:
    module = _made(kind, teacher_width)
    terms = module(**_four(teacher_width), **SCALES)
    expected = ALL if kind is CLIPKDTerms else ("task", "hrd", "icl", "fd", "vrd", "vrd_image", "vrd_text", "xrd")
    assert tuple(terms) == expected
    assert all(term.shape == () and term > 0 for term in terms.values())
    sum(terms.values()).backward()
    assert all(p.grad is not None and p.grad.any() for p in module.parameters())


@both
@every
def test_rows_in_blocks_give_the_same_terms_and_gradients(kind: type[nn.Module], teacher_width: int) -> None:
    whole, blocks = _made(kind, teacher_width), _made(kind, teacher_width, chunk=4)
    four = _four(teacher_width)
    expected, found = whole(**four, **SCALES), blocks(**four, **SCALES)
    for name in expected:
        torch.testing.assert_close(found[name], expected[name])
    sum(expected.values()).backward()
    sum(found.values()).backward()
    for a, b in zip(blocks.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad)


@both
@every
def test_masking_equals_removing(kind: type[nn.Module], teacher_width: int) -> None:
    module, four = _made(kind, teacher_width), _four(teacher_width)
    mask = torch.tensor([True, False, True, True, True, False])
    alone = module(**{name: x[mask] for name, x in four.items()}, **SCALES)
    broken = {name: x.masked_fill(~mask.unsqueeze(1), torch.nan) for name, x in four.items()}
    masked = module(**broken, **SCALES, mask=mask)
    for name in alone:
        torch.testing.assert_close(masked[name], alone[name])
    sum(masked.values()).backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in module.parameters())


@both
def test_a_mask_without_any_row_gives_zero(kind: type[nn.Module]) -> None:
    module = _made(kind, 8)
    terms = module(**_four(8), **SCALES, mask=torch.zeros(6, dtype=torch.bool))
    assert all(term == 0 for term in terms.values())


@both
def test_terms_are_the_losses_of_their_names(kind: type[nn.Module]) -> None:
    module, four = _made(kind, 5), _four(5)
    terms = module(**four, **SCALES)
    image, text = ((four[f"student{x}"], four[f"teacher{x}"]) for x in ("", "_text"))
    torch.testing.assert_close(terms["fd"], clip_feature_loss(*image) + clip_feature_loss(*text))
    torch.testing.assert_close(terms["icl"], interactive_contrastive_loss(**four, scale=2.6592600))
    affinity = terms["crd" if kind is CLIPKDTerms else "hrd"]
    torch.testing.assert_close(affinity, clip_affinity_loss(**four, **SCALES))
    torch.testing.assert_close(terms["task"], contrastive_loss(image[0], text[0], temperature=1 / 4))


def test_only_the_chosen_terms_of_clip_kd_are_made() -> None:
    module = CLIPKDTerms(student_width=5, teacher_width=5)
    assert tuple(module(**_four(5), **SCALES)) == ("task", "crd", "fd", "icl")
    assert [name for name, _ in module.named_parameters()] == ["cross_logit_scale"]
    with pytest.raises(ValueError, match=r"^unknown term 'mfd'; known: \"task\", "):
        CLIPKDTerms(student_width=5, teacher_width=5, terms=("task", "mfd"))


def test_both_gradient_forms_can_be_chosen() -> None:
    four = _four(5)
    released, infonce = (
        CLIPKDTerms(student_width=5, teacher_width=5, terms=("gd",), gradient_form=form)(**four, **SCALES)["gd"]
        for form in ("released", "infonce")
    )
    assert infonce > 10 * released
