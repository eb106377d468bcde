"""PHI-S: unit variance in every channel, one scale for all errors, and what happens without a Hadamard matrix."""

import pytest
import torch

from xmodal.balance import PHIS
from xmodal.balance.equal_variance import equal_variance_rotation
from xmodal.balance.phi_s import rotation

WIDTHS = (2, 3, 4, 5, 7, 10, 12, 16, 20, 23, 50, 92)
F64 = torch.float64


def features(width: int, rows: int = 300) -> torch.Tensor:
    """Correlated channels whose scales differ by a factor of a hundred."""
    mix = torch.randn(width, width, dtype=F64) * torch.logspace(-1, 1, width, dtype=F64)
    return torch.randn(rows, width, dtype=F64) @ mix + 3 * torch.randn(width, dtype=F64)


def fitted(x: torch.Tensor) -> PHIS:
    module = PHIS(x.shape[-1]).double()
    module.fit(x.split(70))
    return module


@pytest.mark.parametrize("width", WIDTHS)
def test_every_channel_has_mean_zero_and_variance_one(width: int) -> None:
    x = features(width)
    out = fitted(x)(x, progress=0.0)
    torch.testing.assert_close(out.mean(0), torch.zeros(width, dtype=F64), rtol=0, atol=1e-10)
    torch.testing.assert_close(out.var(0), torch.ones(width, dtype=F64), rtol=0, atol=1e-10)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_map_is_a_rotation_times_one_scale(width: int) -> None:
    x = features(width)
    module = fitted(x)
    square = module.matrix.T @ module.matrix * module.phi**2
    torch.testing.assert_close(square, torch.eye(width, dtype=F64), rtol=0, atol=1e-13)
    out = module(x, progress=0.0)
    torch.testing.assert_close(torch.pdist(out[:20]), torch.pdist(x[:20]) / module.phi)


@pytest.mark.parametrize("width", WIDTHS)
def test_inverse_undoes_it_and_keeps_gradients(width: int) -> None:
    x = features(width)
    module = fitted(x)
    standardised = module(x, progress=0.0).requires_grad_()
    back = module.inverse(standardised)
    torch.testing.assert_close(back, x, rtol=1e-11, atol=1e-11)
    (gradient,) = torch.autograd.grad(back.sum(), standardised)
    assert gradient.any()


def test_at_sixteen_channels_rounding_is_all_that_is_left() -> None:
    x = features(16)
    module = fitted(x)
    square = module.matrix.T @ module.matrix
    assert float((square - square.diag().diag()).abs().max() / square[0, 0]) < 1e-15


def test_with_a_hadamard_matrix_each_component_adds_the_same_to_every_channel() -> None:
    variances = torch.rand(20, dtype=F64)
    torch.testing.assert_close(rotation(variances).abs(), torch.full((20, 20), 20**-0.5, dtype=F64))


@pytest.mark.parametrize("width", [3, 10, 23, 92])
def test_without_one_the_rotation_is_exact_too_but_components_spread_less_evenly(width: int) -> None:
    """The largest share of a component in one channel, where 1 / D would be even, stays near 2 / D."""
    variances = torch.logspace(-6, 3, width, dtype=F64)
    matrix = rotation(variances)
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(width, dtype=F64), rtol=0, atol=1e-13)
    torch.testing.assert_close((matrix.square() @ variances), variances.mean().expand(width), rtol=1e-12, atol=0)
    assert 1 < float(matrix.square().max()) * width < 2.1
    assert torch.equal(matrix, equal_variance_rotation(variances))


@pytest.mark.parametrize("variances", [[1.0, 1.0, 1.0], [0.0, 0.0, 5.0], [0.0, 1e-12, 1e6, 1.0, 2.0], [3.0]])
def test_the_rotation_for_any_width_stands_flat_and_extreme_variances(variances: list[float]) -> None:
    given = torch.tensor(variances, dtype=F64)
    matrix = equal_variance_rotation(given)
    torch.testing.assert_close(matrix.square() @ given, given.mean().expand(len(given)), rtol=1e-9, atol=0)


def test_fewer_rows_than_channels_are_enough() -> None:
    x = features(16, rows=5)
    out = fitted(x)(x, progress=0.0)
    torch.testing.assert_close(out.var(0), torch.ones(16, dtype=F64), rtol=0, atol=1e-10)


def test_the_order_and_the_cuts_of_the_samples_do_not_matter() -> None:
    x = features(8)
    whole, cut = fitted(x), PHIS(8).double()
    cut.fit(part.reshape(-1, 5, 8) for part in x.flip(0).split(100))
    torch.testing.assert_close(cut.matrix, whole.matrix, rtol=1e-8, atol=1e-10)


def test_eigenvectors_have_one_sign_everywhere() -> None:
    """A library that returned the opposite ones would lead to the same matrix."""
    x = features(6)
    values, axes = torch.linalg.eigh(x.T.cov())
    module = fitted(x)
    own = rotation(values).T @ module.matrix * module.phi  # U^T
    assert (own.gather(1, own.abs().argmax(1, keepdim=True)) > 0).all()
    torch.testing.assert_close(own.abs(), axes.T.abs(), rtol=1e-6, atol=1e-9)


def test_before_fit_features_pass_as_they_are() -> None:
    x = torch.randn(4, 3, 8)
    assert torch.equal(PHIS(8)(x, progress=0.0), x)


def test_masked_rows_come_out_as_zeros_whatever_they_hold() -> None:
    x = features(8)
    module, rows = fitted(x), x[:6].reshape(2, 3, 8).clone()
    mask = torch.tensor([[True, False, True], [True, True, False]])
    rows[~mask] = float("nan")
    out = module(rows, progress=0.0, mask=mask)
    assert not out[~mask].any()
    torch.testing.assert_close(out[mask], module(rows[mask], progress=0.0))


def test_half_precision_comes_out_in_float32_under_autocast_too() -> None:
    x = features(8).float()
    module = PHIS(8)
    module.fit([x])
    with torch.autocast("cpu", torch.bfloat16):
        out = module(x, progress=0.0)
    assert out.dtype == torch.float32
    torch.testing.assert_close(out, module(x, progress=0.0), rtol=0, atol=0)
    torch.testing.assert_close(module(x.bfloat16(), progress=0.0), out, rtol=0.1, atol=0.1)


def test_features_that_say_nothing_are_an_error() -> None:
    with pytest.raises(ValueError, match="expected some variance, found the same row everywhere"):
        PHIS(4).fit([torch.ones(5, 4)])
    with pytest.raises(ValueError, match="expected at least two rows of finite values, found 1 rows"):
        PHIS(4).fit([torch.ones(1, 4), torch.ones(0, 4)])
    with pytest.raises(ValueError, match="expected at least two rows of finite values"):
        PHIS(4).fit([torch.full((3, 4), float("nan"))])
    with pytest.raises(ValueError, match=r"expected teacher features \[\.\.\., 4\], found \[2, 5\]"):
        PHIS(4).fit([torch.ones(2, 5)])
