"""Learned precisions: the two forms, their optimum, the limit, and that they are trained and saved."""

import math

import pytest
import torch

from balance.frames import Scene
from xmodal.balance import FixedWeights, Homoscedastic
from xmodal.errors import ConfigError


def set_s(balance: Homoscedastic, *values: float) -> Homoscedastic:
    with torch.no_grad():
        balance.s.copy_(torch.tensor(values))
    return balance.double()


@pytest.mark.parametrize("s", [(0.0, 0.0), (0.7, -1.2), (9.0, -9.0)])
def test_both_forms_are_the_slow_formulas(s: tuple[float, float]) -> None:
    scene = Scene()
    mean = {name: float(term.detach().numpy().mean()) for name, term in scene.terms.items()}
    losses = (mean["task/kind"], 2 * mean["dino/kind"] + mean["dino/cosine"])
    rest = mean["lidar/kind"] + 3 * mean["relation/distance"]
    held = [min(max(value, -5.0), 5.0) for value in s]
    weights = {"dino/kind": 2.0, "relation": 3.0}
    kendall = set_s(Homoscedastic(("task", "dino"), weights=weights), *s)
    expected = sum(0.5 * math.exp(-a) * loss + 0.5 * a for a, loss in zip(held, losses, strict=True))
    assert kendall(scene.terms, scene.frame).item() == pytest.approx(expected + rest, rel=1e-6)
    lmr = set_s(Homoscedastic(("task", "dino"), form="lmr", weights=weights), *s)
    expected = sum(math.exp(a) * loss - a for a, loss in zip(held, losses, strict=True))
    assert lmr(scene.terms, scene.frame).item() == pytest.approx(expected + rest, rel=1e-6)


def test_lmr_is_twice_kendall_with_the_other_sign() -> None:
    scene = Scene()
    only = {"task/kind": scene.terms["task/kind"], "dino/kind": scene.terms["dino/kind"]}
    kendall = set_s(Homoscedastic(("task", "dino")), 0.4, -0.3)
    lmr = set_s(Homoscedastic(("task", "dino"), form="lmr"), -0.4, 0.3)
    torch.testing.assert_close(lmr(only, scene.frame), 2 * kendall(only, scene.frame))


@pytest.mark.parametrize(("form", "sign"), [("kendall", 1), ("lmr", -1)])
def test_the_best_precision_makes_all_losses_equally_large(form: str, sign: int) -> None:
    scene = Scene()
    balance = Homoscedastic(("task", "dino/kind", "dino/cosine"), form=form).double()  # type: ignore[arg-type]
    terms = {
        name: term.detach() * scale for (name, term), scale in zip(scene.terms.items(), (1, 9, 0.1, 1, 1), strict=True)
    }
    optimizer = torch.optim.LBFGS(balance.parameters(), max_iter=200, tolerance_grad=1e-12, tolerance_change=0)

    def step() -> torch.Tensor:
        optimizer.zero_grad()
        loss = balance(terms, scene.frame)
        loss.backward()
        return loss

    optimizer.step(step)  # type: ignore[arg-type]
    losses = torch.stack([terms[name].mean() for name in ("task/kind", "dino/kind", "dino/cosine")])
    torch.testing.assert_close(sign * balance.s.detach(), losses.log(), rtol=1e-5, atol=1e-5)


def test_without_the_logarithm_the_precision_would_only_fall() -> None:
    """The gradient of 0.5 exp(-s) L alone always asks for a larger s; the term 0.5 s turns it at s = log L."""
    scene = Scene()
    loss = scene.terms["task/kind"].mean().item()
    for offset, sign in ((-0.5, -1), (0.5, 1)):
        balance = set_s(Homoscedastic(("task",)), math.log(loss) + offset)
        (gradient,) = torch.autograd.grad(balance(scene.terms, scene.frame), balance.s)
        assert gradient.sign().item() == sign
        assert gradient.item() - 0.5 < 0


def test_beyond_the_limit_s_gets_no_gradient_and_the_loss_still_does() -> None:
    scene = Scene()
    balance = set_s(Homoscedastic(("task", "dino")), 5.1, 0.0)
    loss = balance(scene.terms, scene.frame)
    of_s, of_student = torch.autograd.grad(loss, [balance.s, scene.student])
    assert of_s[0] == 0
    assert of_s[1] != 0
    assert of_student.any()
    free = set_s(Homoscedastic(("task",), limit=math.inf), 7.0)
    assert torch.autograd.grad(free(scene.terms, scene.frame), free.s)[0].any()


def test_gradients_are_exact() -> None:
    scene = Scene()
    terms = {name: term.detach() for name, term in scene.terms.items()}
    for form in ("kendall", "lmr"):
        balance = Homoscedastic(("task", "dino"), form=form).double()  # type: ignore[arg-type]
        start = torch.tensor([0.3, -0.8], dtype=torch.float64, requires_grad=True)

        def total(s: torch.Tensor, balance: Homoscedastic = balance) -> torch.Tensor:
            result: torch.Tensor = torch.func.functional_call(balance, {"s": s}, (terms, scene.frame))
            return result

        assert torch.autograd.gradcheck(total, start)


def test_an_arm_without_teachers_learns_the_precision_of_its_tasks() -> None:
    alone = Homoscedastic(("task/kind", "dino"), form="lmr", limit=3.0, weights={"task": 2.0, "dino": 3.0}).supervised()
    assert isinstance(alone, Homoscedastic)
    assert (alone.learned, alone.form, alone.limit, alone.weights) == (("task/kind",), "lmr", 3.0, {"task": 2.0})
    assert isinstance(Homoscedastic(("dino",)).supervised(), FixedWeights)


@pytest.mark.parametrize(
    ("learned", "message"),
    [
        (("dnio",), "balance term 'dnio' fits no term; terms: dino/cosine"),
        (("dino", "dino/kind"), "term 'dino/kind' is named twice, in 'dino' and in 'dino/kind'"),
    ],
)
def test_names_that_do_not_fit_are_one_clear_error(learned: tuple[str, ...], message: str) -> None:
    scene = Scene()
    with pytest.raises(ConfigError, match=message):
        Homoscedastic(learned)(scene.terms, scene.frame)


def test_wrong_options_are_refused() -> None:
    with pytest.raises(ConfigError, match="learned: expected several names of terms"):
        Homoscedastic("dino")
    with pytest.raises(ValueError, match='unknown form \'gibbs\'; known: "kendall", "lmr"'):
        Homoscedastic(("dino",), form="gibbs")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected limit > 0, found 0"):
        Homoscedastic(("dino",), limit=0.0)
