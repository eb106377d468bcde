"""What holds for every balance: names, weights, halves, state, evaluation, and the arm without teachers."""

from dataclasses import replace

import pytest
import torch

from balance.frames import BUILDERS, Scene, built
from xmodal.balance import Balance, FixedWeights
from xmodal.balance.schedules import WarmUp
from xmodal.errors import ConfigError

every = pytest.mark.parametrize("name", BUILDERS)


def value(balance: Balance, scene: Scene | None = None) -> torch.Tensor:
    """The loss; random draws are the same each time."""
    scene = scene or Scene()
    torch.manual_seed(11)
    return balance(scene.terms, scene.frame)


@every
def test_the_loss_is_a_finite_scalar_with_a_gradient(name: str) -> None:
    scene = Scene()
    loss = value(built(name), scene)
    assert loss.shape == ()
    (gradient,) = torch.autograd.grad(loss, scene.student)
    assert gradient.isfinite().all()
    assert gradient.any()


@every
def test_a_misspelt_weight_is_an_error_that_lists_the_terms(name: str) -> None:
    with pytest.raises(ConfigError, match=r"balance weight 'dnio' fits no term; terms: dino/cosine, dino/kind"):
        value(built(name, {"dnio": 2.0}))


@every
@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf"), "1", True, None])
def test_a_weight_is_a_number_from_zero(name: str, weight: object) -> None:
    with pytest.raises(ConfigError, match="balance weight 'dino': expected a number from 0, found"):
        built(name, {"dino": weight})  # type: ignore[dict-item]


@every
def test_doubling_a_weight_doubles_exactly_that_contribution(name: str) -> None:
    """In float64, so that only rounding remains; for terms that the rule leaves to the fixed weights."""
    term = "task/kind" if name in ("dropping", "agreement", "map") else "lidar/kind"
    without, once, twice = (value(built(name, {term: w})) for w in (0.0, 1.0, 2.0))
    torch.testing.assert_close(twice - without, 2 * (once - without), rtol=1e-12, atol=0)
    torch.testing.assert_close(once - without, Scene().terms[term].mean(), rtol=1e-12, atol=0)


@every
def test_a_name_for_one_term_goes_before_that_of_its_group(name: str) -> None:
    a = value(built(name, {"dino": 3.0, "dino/kind": 0.5}))
    b = value(built(name, {"dino/cosine": 3.0, "dino/kind": 0.5}))
    torch.testing.assert_close(a, b, rtol=0, atol=0)


@every
def test_terms_in_half_precision_are_summed_in_float32(name: str) -> None:
    balance = built(name).float()
    half, whole = Scene(dtype=torch.bfloat16), Scene(dtype=torch.float32)
    loss = value(balance, half)
    assert loss.dtype in (torch.float32, torch.float64)
    torch.testing.assert_close(loss.float(), value(built(name).float(), whole).float(), rtol=1e-2, atol=1e-2)


@every
def test_without_gradients_the_value_is_still_given(name: str) -> None:
    with torch.no_grad():
        assert value(built(name).eval()).isfinite()
        assert value(built(name)).isfinite()


@every
def test_in_eval_mode_nothing_is_drawn_and_nothing_moves(name: str) -> None:
    balance = built(name).eval()
    before = {key: tensor.clone() for key, tensor in balance.state_dict().items()}
    state = torch.get_rng_state()
    scene = Scene()
    balance(scene.terms, scene.frame)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(before[key], tensor) for key, tensor in balance.state_dict().items())


@every
def test_the_state_carries_over_what_was_learned_and_measured(name: str) -> None:
    trained, fresh = built(name), built(name)
    optimizer = torch.optim.SGD([*trained.parameters(), torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    for _ in range(3):
        value(trained).backward()
        optimizer.step()
    fresh.load_state_dict(trained.state_dict())
    torch.testing.assert_close(value(fresh), value(trained), rtol=0, atol=0)


@every
def test_the_arm_without_teachers_is_trained_by_the_same_rules_for_its_tasks(name: str) -> None:
    alone = built(name, {"task": 2.0, "lidar": 3.0}).supervised()
    assert isinstance(alone, Balance)
    scene = Scene()
    loss = alone({"task/kind": scene.terms["task/kind"]}, scene.frame)
    (gradient,) = torch.autograd.grad(loss, scene.student, retain_graph=True)
    (plain,) = torch.autograd.grad(2 * scene.terms["task/kind"].mean(), scene.student)
    torch.testing.assert_close(torch.nn.functional.normalize(gradient), torch.nn.functional.normalize(plain))


@every
def test_at_zero_weight_a_fixed_term_gives_no_gradient(name: str) -> None:
    scene = Scene()
    extra = torch.nn.Parameter(torch.ones(6, dtype=torch.float64))
    scene.terms["extra/x"] = extra * 2
    (gradient,) = torch.autograd.grad(value(built(name, {"extra": 0.0}), scene), extra)
    assert not gradient.any()


def test_fixed_weights_give_the_weighted_sum_of_means() -> None:
    scene = Scene()
    plain = value(FixedWeights({"dino": 0.5, "task": 3.0}), scene)
    weights = {"task/kind": 3.0, "dino/kind": 0.5, "dino/cosine": 0.5, "lidar/kind": 1.0, "relation/distance": 1.0}
    expected = sum(weights[name] * term.detach().numpy().mean() for name, term in scene.terms.items())
    assert plain.item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("progress", [0.0, 0.3])
def test_fixed_weights_give_each_value_its_share_of_the_mean_to_the_bit(progress: float) -> None:
    """Terms of one length are weighed by one product; the gradient is that of weight x mean for each."""
    balance = FixedWeights({"soft": 0.3, "relation": WarmUp(0.7, until=0.5)})
    names = ("task/kind", "soft/output", "relation/distance")
    terms = {name: torch.randn(7, generator=torch.Generator().manual_seed(3)).requires_grad_() for name in names}
    frame = replace(Scene().frame, progress=progress)
    loss = balance(terms, frame)
    means = sum(balance.weight_of(name, progress) * term.mean() for name, term in terms.items())
    torch.testing.assert_close(loss, means)
    for ours, plain in zip(
        torch.autograd.grad(loss, list(terms.values())), torch.autograd.grad(means, list(terms.values())), strict=True
    ):
        assert torch.equal(ours, plain)


def test_fixed_weights_take_values_of_samples_and_scalars_together() -> None:
    terms = {"task/kind": torch.tensor([1.0, 3.0]), "relation/distance": torch.tensor(5.0)}
    assert FixedWeights({"relation": 0.5})(terms, Scene().frame).item() == pytest.approx(4.5)
