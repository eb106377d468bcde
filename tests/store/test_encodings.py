"""What each form keeps of the numbers, and what it refuses."""

import pytest
import torch

from xmodal.errors import ConfigError, DataError
from xmodal.store.encodings import Form, decode, encode, fit_basis


@pytest.mark.parametrize(("kind", "error"), [("float32", 0.0), ("float16", 2**-11), ("bfloat16", 2**-8)])
def test_a_plain_form_rounds_once(kind, error):
    x = torch.randn(7, 5)
    back = decode(encode(x, Form(kind), None, "x"), Form(kind), None, 5)
    assert ((back - x).abs() <= error * x.abs()).all()
    assert error or torch.equal(back, x)


def test_int8_errs_by_at_most_half_a_step_of_each_vector():
    x = torch.randn(3, 7, 5) * torch.logspace(-6, 6, 7).view(1, 7, 1)
    back = decode(encode(x, Form("int8"), None, "x"), Form("int8"), None, 5)
    step = x.abs().amax(-1, keepdim=True) / 127
    assert ((back - x).abs() <= 0.5001 * step).all()
    assert torch.equal(
        decode(encode(torch.zeros(2, 5), Form("int8"), None, "x"), Form("int8"), None, 5), torch.zeros(2, 5)
    )


def test_a_pca_gives_back_what_lies_in_its_directions():
    flat = torch.randn(200, 3) @ torch.randn(3, 8) + torch.arange(8.0)
    basis = fit_basis(flat, 3, "x")
    assert basis.lost < 1e-9
    back = decode(encode(flat, Form("float32", pca=3), basis, "x"), Form("float32", pca=3), basis, 8)
    torch.testing.assert_close(back, flat, rtol=1e-4, atol=1e-4)


def test_the_variance_that_a_pca_leaves_out_is_that_of_the_smaller_singular_values():
    x = torch.randn(300, 6, dtype=torch.float64) * torch.tensor([5.0, 3, 1, 0.5, 0.2, 0.1])
    values = torch.linalg.svdvals(x - x.mean(0)).square()
    assert fit_basis(x, 2, "x").lost == pytest.approx(float(values[2:].sum() / values.sum()), rel=1e-9)


def test_the_largest_logits_keep_their_probabilities_and_the_others_share_the_rest():
    x = torch.randn(4, 9, dtype=torch.float64)
    form = Form("float32", top=3)
    back = decode(encode(x, form, None, "x"), form, None, 9).softmax(-1)
    truth = x.softmax(-1)
    top = truth.topk(3, -1).indices
    torch.testing.assert_close(back.gather(-1, top), truth.gather(-1, top).float(), rtol=1e-5, atol=1e-6)
    others = torch.ones_like(back).scatter(-1, top, 0).bool()
    rest = (truth * others).sum(-1, keepdim=True) / 6
    torch.testing.assert_close(back[others], rest.float().expand(-1, 9)[others], rtol=1e-5, atol=1e-6)


def test_as_many_logits_as_classes_leave_nothing():
    x = torch.randn(2, 4)
    form = Form("float32", top=9)
    torch.testing.assert_close(decode(encode(x, form, None, "x"), form, None, 4).softmax(-1), x.softmax(-1))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused(value):
    with pytest.raises(DataError, match=r"^here: expected finite numbers, found NaN or infinity$"):
        encode(torch.tensor([1.0, value]), Form("float16"), None, "here")


def test_a_number_too_large_for_its_form_is_refused():
    with pytest.raises(DataError, match=r"^here: expected numbers that float16 holds, found 1e\+06$"):
        encode(torch.tensor([1e6]), Form("float16"), None, "here")


def test_forms_that_do_not_exist_are_refused():
    with pytest.raises(ConfigError, match="expected one of same, none, float32, float16, bfloat16, int8, found 'int4'"):
        Form("int4")
    with pytest.raises(ConfigError, match="pca or top"):
        Form(pca=2, top=2)
    with pytest.raises(ConfigError, match="PCA to 5 needs as many channels"):
        fit_basis(torch.randn(9, 4), 5, "tokens.x")
