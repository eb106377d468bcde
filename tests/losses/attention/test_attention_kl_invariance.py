"""Attention KL: what leaves it unchanged, logits of any size, shapes and names that are refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from losses.attention.maps import NK, NQ, B, H, dense, random_maps
from xmodal.losses import attention_kl_loss

DIRECTIONS = pytest.mark.parametrize("direction", ["forward", "reverse"])


def _rotation(width: int) -> Tensor:
    return torch.linalg.qr(torch.randn(width, width, dtype=torch.float64)).Q


@DIRECTIONS
def test_one_vector_added_to_all_keys_of_a_side_changes_nothing(direction: Any) -> None:
    sq, sk, tq, tk = random_maps()
    moved = attention_kl_loss(sq, sk + torch.randn(4), tq, tk - torch.randn(6), direction=direction)
    torch.testing.assert_close(moved, attention_kl_loss(sq, sk, tq, tk, direction=direction))


@DIRECTIONS
def test_a_rotation_of_query_and_key_of_a_side_changes_nothing(direction: Any) -> None:
    sq, sk, tq, tk = random_maps()
    student, teacher = _rotation(4), _rotation(6)
    turned = attention_kl_loss(sq @ student, sk @ student, tq @ teacher, tk @ teacher, direction=direction)
    torch.testing.assert_close(turned, attention_kl_loss(sq, sk, tq, tk, direction=direction))


@DIRECTIONS
def test_the_order_of_the_keys_does_not_matter(direction: Any) -> None:
    sq, sk, tq, tk = random_maps()
    order = torch.randperm(NK)
    permuted = attention_kl_loss(sq, sk[..., order, :], tq, tk[..., order, :], direction=direction)
    torch.testing.assert_close(permuted, attention_kl_loss(sq, sk, tq, tk, direction=direction))


def test_a_scale_is_a_factor_of_the_queries() -> None:
    sq, sk, tq, tk = random_maps()
    scaled = attention_kl_loss(sq, sk, tq, tk, student_scale=0.3, teacher_scale=2.0)
    torch.testing.assert_close(
        scaled, attention_kl_loss(0.3 * sq, sk, 2 * tq, tk, student_scale=1.0, teacher_scale=1.0)
    )
    torch.testing.assert_close(
        attention_kl_loss(sq, sk, tq, tk),
        attention_kl_loss(sq, sk, tq, tk, student_scale=4**-0.5, teacher_scale=6**-0.5),
    )


def test_reverse_is_forward_with_the_sides_exchanged() -> None:
    sq, sk, tq, tk = random_maps()
    reverse = attention_kl_loss(sq, sk, tq, tk, direction="reverse", reduction="none")
    torch.testing.assert_close(reverse, attention_kl_loss(tq, tk, sq, sk, reduction="none"))


def test_both_alignments_agree_for_as_many_queries_as_keys() -> None:
    maps = random_maps(queries=6, keys=6)
    top_left = attention_kl_loss(*maps, causal=True, causal_align="top_left")
    assert torch.equal(attention_kl_loss(*maps, causal=True), top_left)


def test_a_causal_query_knows_nothing_of_later_keys() -> None:
    sq, sk, tq, tk = random_maps(queries=6, keys=6)
    rows = attention_kl_loss(sq, sk, tq, tk, causal=True, reduction="none")
    changed = torch.cat([sk[..., :4, :], torch.randn(B, H, 2, 4)], dim=-2)
    later = attention_kl_loss(sq, changed, tq, tk, causal=True, reduction="none")
    torch.testing.assert_close(later[..., :4], rows[..., :4])
    assert not torch.isclose(later[..., 4:], rows[..., 4:]).any()


@DIRECTIONS
@pytest.mark.parametrize("causal", [False, True])
def test_logits_of_ten_thousand_stay_exact(direction: Any, causal: bool) -> None:
    sq, sk, tq, tk = random_maps(queries=9, keys=9)
    sq, tq = 1e4 * sq / (sq @ sk.mT).abs().max(), 1e4 * tq / (tq @ tk.mT).abs().max()
    options = {"direction": direction, "student_scale": 1.0, "teacher_scale": 1.0, "causal": causal}
    for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 1e-5)):
        given = [x.to(dtype) for x in (sq, sk, tq, tk)]
        expected = dense(*(x.double() for x in given), **options)  # type: ignore[arg-type]
        leaves = [x.requires_grad_() for x in given[:2]]
        rows = attention_kl_loss(*leaves, *given[2:], **options, reduction="none")
        assert rows.abs().max() > 1e3
        error = (rows.double() - expected).abs().max() / expected.abs().max()
        assert error < tolerance
        assert all(grad.isfinite().all() for grad in torch.autograd.grad(rows.sum(), leaves))


def test_logits_whose_powers_would_overflow_one_by_one_stay_exact() -> None:
    """Each row holds 0 and +-5000; sums of plain powers would be infinite or zero."""
    query = torch.ones(1, 1)
    keys = torch.tensor([[0.0], [5000.0], [-5000.0]])
    one, two = (attention_kl_loss(query, k, query, keys, student_scale=1.0).item() for k in (keys, -keys))
    assert one == 0
    assert two == pytest.approx(10000)


def test_shapes_that_do_not_fit_are_named() -> None:
    sq, sk, tq, tk = random_maps()
    wrong = [
        (sq[..., 1:], sk, tq, tk),
        (sq, sk[:1], tq, tk),
        (sq, sk, tq[..., 1:, :], tk),
        (sq, sk, tq, tk[..., 1:, :]),
        (sq[:, 0], sk[:, 0], tq, tk),
        (*(torch.tensor(1.0) for _ in range(4)),),
        (sq.long(), sk, tq, tk),
    ]
    for maps in wrong:
        with pytest.raises(
            ValueError, match=r"^expected floating queries \[\.\.\., Nq, D\] and keys .*, found student q"
        ) as e:
            attention_kl_loss(*maps)
        assert all(str(list(x.shape)) in str(e.value) for x in maps)


def test_masks_that_do_not_fit_are_named() -> None:
    maps = random_maps()
    with pytest.raises(
        ValueError, match=r"^expected key_mask to be bool \[7\] or \[2, 7\] or \[2, 3, 7\], found .*\[2, 5\]"
    ):
        attention_kl_loss(*maps, key_mask=torch.ones(B, NQ, dtype=torch.bool))
    with pytest.raises(ValueError, match=r"^expected query_mask to be bool .*, found torch.float32 \[2, 3, 5\]$"):
        attention_kl_loss(*maps, query_mask=torch.ones(B, H, NQ))


def test_unknown_names_and_scales_are_refused() -> None:
    maps: Any = random_maps()
    with pytest.raises(ValueError, match=r"^unknown direction 'student'; known: \"forward\", \"reverse\"$"):
        attention_kl_loss(*maps, direction="student")
    with pytest.raises(ValueError, match=r"^unknown causal_align 'left'; known: \"bottom_right\", \"top_left\"$"):
        attention_kl_loss(*maps, causal=True, causal_align="left")
    with pytest.raises(ValueError, match=r"^unknown reduction 'sum'; known: \"mean\", \"none\"$"):
        attention_kl_loss(*maps, reduction="sum")
    for name in ("student_scale", "teacher_scale"):
        with pytest.raises(ValueError, match=rf"^expected {name} > 0, found 0$"):
            attention_kl_loss(*maps, **{name: 0})
