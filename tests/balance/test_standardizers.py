"""Standardisers that subtract a mean and divide by a deviation: which statistics, when, and from which rows."""

import numpy as np
import pytest
import torch

from xmodal.balance import PHIS, BatchStandardizer, Cosine, EMAStandardizer, FixedStandardizer, Standardizer

F64 = torch.float64
ALL = (PHIS, FixedStandardizer, EMAStandardizer, BatchStandardizer)


def batches(count: int = 3) -> list[torch.Tensor]:
    return [torch.randn(4, 5, 3, dtype=F64) * (1 + i) + i for i in range(count)]


@pytest.mark.parametrize("kind", [EMAStandardizer, BatchStandardizer])
def test_running_statistics_follow_the_slow_formula(kind: type[Standardizer]) -> None:
    given = {EMAStandardizer: {"momentum": 0.3, "eps": 0.01}, BatchStandardizer: {"momentum": 0.3, "eps": 0.01}}[kind]
    module = kind(3, **given).double().train()  # type: ignore[arg-type]
    mean, std = np.zeros(3), np.ones(3)
    for x in batches():
        rows = x.reshape(-1, 3).numpy()
        own_mean, own_std = rows.mean(0), rows.std(0, ddof=1)
        out = module(x, progress=0.0).reshape(-1, 3).numpy()
        if kind is EMAStandardizer:
            np.testing.assert_allclose(out, (rows - mean) / (std + 0.01), rtol=1e-12)
            own_std = own_std + 0.01
        else:
            np.testing.assert_allclose(out, (rows - own_mean) / np.maximum(own_std, 0.01), rtol=1e-11)
        mean, std = 0.7 * mean + 0.3 * own_mean, 0.7 * std + 0.3 * own_std
        np.testing.assert_allclose(module.mean.numpy(), mean, rtol=1e-12)
        np.testing.assert_allclose(module.std.numpy(), std, rtol=1e-12)


def test_the_momentum_of_the_source_falls_with_progress() -> None:
    module = EMAStandardizer(3).double().train()
    first, second = batches(2)
    assert torch.equal(module(first, progress=0.0), first / (1 + 1e-6))
    torch.testing.assert_close(module.mean, first.flatten(0, 1).mean(0))
    before = module.mean.clone()
    module(second, progress=1.0)
    torch.testing.assert_close(module.mean, 0.999 * before + 0.001 * second.flatten(0, 1).mean(0))
    assert module.momentum == Cosine(1.0, 0.001)


def test_a_channel_that_never_varies_stays_finite() -> None:
    constant = torch.full((6, 3), 2.0)
    for kind in (FixedStandardizer, EMAStandardizer, BatchStandardizer):
        module = kind(3).train()
        module.fit([constant])
        module(constant, progress=0.0)
        assert not module(constant, progress=0.0).any()


def test_fixed_statistics_are_those_of_all_rows_and_stay() -> None:
    module, given = FixedStandardizer(3).double().train(), batches()
    module.fit(given)
    rows = torch.cat([x.flatten(0, 1) for x in given])
    torch.testing.assert_close(module.mean, rows.mean(0))
    torch.testing.assert_close(module.std, rows.std(0))
    torch.testing.assert_close(module(rows, progress=0.5), (rows - rows.mean(0)) / rows.std(0))
    torch.testing.assert_close(module.mean, rows.mean(0), rtol=0, atol=1e-14)


@pytest.mark.parametrize("kind", ALL)
def test_a_mask_equals_removing_rows_and_nothing_leaks_from_them(kind: type[Standardizer]) -> None:
    whole, removed = kind(3).double().train(), kind(3).double().train()
    mask = torch.rand(4, 5) > 0.4
    for x in batches():
        dirty = x.clone()
        dirty[~mask] = float("nan")
        out = whole(dirty, progress=0.3, mask=mask)
        torch.testing.assert_close(out[mask], removed(x[mask], progress=0.3))
        assert not out[~mask].any()
    for key, value in removed.state_dict().items():
        torch.testing.assert_close(whole.state_dict()[key], value)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("rows", [0, 1])
def test_batches_too_small_for_a_deviation_move_nothing(kind: type[Standardizer], rows: int) -> None:
    module = kind(3).train()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    mask = torch.zeros(2, 4, dtype=torch.bool)
    mask[0, :rows] = True
    out = module(torch.randn(2, 4, 3), progress=0.0, mask=mask)
    assert out.isfinite().all()
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())


@pytest.mark.parametrize("kind", ALL)
def test_what_is_known_of_the_teacher_travels_in_the_state(kind: type[Standardizer]) -> None:
    trained, fresh = kind(3).train(), kind(3)
    given = [x.float() for x in batches()]
    trained.fit(given)
    for x in given:
        trained(x, progress=0.2)
    fresh.load_state_dict(trained.state_dict())
    probe = torch.randn(7, 3)
    assert torch.equal(fresh.eval()(probe, progress=0.9), trained.eval()(probe, progress=0.9))
    assert not list(trained.parameters())


@pytest.mark.parametrize("kind", ALL)
def test_in_eval_mode_statistics_rest(kind: type[Standardizer]) -> None:
    module = kind(3).eval()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    module(torch.randn(5, 3), progress=0.0)
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())


@pytest.mark.parametrize("kind", ALL)
def test_targets_carry_no_gradient_and_at_least_float32(kind: type[Standardizer]) -> None:
    x = torch.randn(6, 3, requires_grad=True)
    assert not kind(3).train()(x, progress=0.0).requires_grad
    assert kind(3).train()(x.bfloat16(), progress=0.0).dtype == torch.float32


@pytest.mark.parametrize("kind", ALL)
def test_shapes_that_do_not_fit_are_named(kind: type[Standardizer]) -> None:
    with pytest.raises(ValueError, match=r"expected teacher features \[\.\.\., 3\], found \[2, 4\]"):
        kind(3)(torch.randn(2, 4), progress=0.0)
    with pytest.raises(ValueError, match=r"expected a bool mask \[2, 5\], found torch\.bool \[2\]"):
        kind(3)(torch.randn(2, 5, 3), progress=0.0, mask=torch.ones(2, dtype=torch.bool))
    with pytest.raises(ValueError, match="expected a width from 1, found 0"):
        kind(0)


def test_numbers_out_of_range_are_named() -> None:
    with pytest.raises(ValueError, match="expected eps > 0, found 0"):
        EMAStandardizer(3, eps=0.0)
    with pytest.raises(ValueError, match="expected eps > 0, found 0"):
        BatchStandardizer(3, eps=0.0)
    with pytest.raises(ValueError, match=r"expected momentum in \[0, 1\], found 2"):
        EMAStandardizer(3, momentum=2.0)
    with pytest.raises(ValueError, match=r"expected momentum in \[0, 1\], found -1"):
        BatchStandardizer(3, momentum=-1.0)
