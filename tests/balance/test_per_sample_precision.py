"""Precisions that a small network reads from the teacher: two forms, their optimum, and whom they touch."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from balance.frames import B, D, Scene, frame
from xmodal.balance import FixedWeights, PerSamplePrecision
from xmodal.bus import Embedding, Tokens
from xmodal.errors import ConfigError


def made(form: str = "released", learned: tuple[str, ...] = ("dino/kind", "dino/cosine"), **options: object):
    torch.manual_seed(2)
    return PerSamplePrecision(learned, width=D, teacher="dino", form=form, **options).double()  # type: ignore[arg-type]


def answers(balance: PerSamplePrecision, x: torch.Tensor) -> np.ndarray:
    """The network by hand: [B, 2]."""
    w1, b1, w2, b2 = (p.detach().numpy() for p in balance.net.parameters())
    return np.maximum(x.numpy() @ w1.T + b1, 0) @ w2.T + b2


def slow(balance: PerSamplePrecision, scene: Scene, kept: np.ndarray) -> float:
    raw = answers(balance, scene.frame.teachers["dino"].pooled)
    losses = [scene.terms[name].detach().numpy() for name in ("dino/kind", "dino/cosine")]
    total = 0.0
    for b in np.flatnonzero(kept):
        for i, loss in enumerate(losses):
            if balance.form == "released":
                s = min(max(raw[b, i], -balance.limit), balance.limit)
                total += np.exp(-s) * loss.mean() + s
            else:
                beta = np.log1p(np.exp(raw[b, i]))
                total += beta * loss[b] - balance.dimension / 2 * np.log(beta)
    rest = sum(scene.terms[name].detach().numpy().mean() for name in ("task/kind", "lidar/kind", "relation/distance"))
    return float(total / kept.sum() + rest)


@pytest.mark.parametrize("form", ["released", "map"])
def test_it_is_the_slow_formula(form: str) -> None:
    scene, balance = Scene(), made(form, dimension=3.0, limit=0.1)
    expected = slow(balance, scene, np.ones(B, dtype=bool))
    assert balance(scene.terms, scene.frame).item() == pytest.approx(expected, rel=1e-12)


def test_released_weighs_batch_means_so_that_samples_only_share_one_factor() -> None:
    scene, balance = Scene(), made("released")
    shuffled = {**scene.terms, "dino/kind": scene.terms["dino/kind"].flip(0)}
    torch.testing.assert_close(balance(shuffled, scene.frame), balance(scene.terms, scene.frame))
    by_sample = made("map")
    assert not torch.isclose(by_sample(shuffled, scene.frame), by_sample(scene.terms, scene.frame))


def test_the_best_map_precision_is_half_the_dimension_over_the_loss_of_the_sample() -> None:
    scene, balance = Scene(), made("map", ("dino/kind",), dimension=3.0, hidden=64)
    terms = {"dino/kind": scene.terms["dino/kind"].detach()}
    optimizer = torch.optim.LBFGS(balance.parameters(), max_iter=2000, tolerance_grad=1e-12, tolerance_change=0)

    def step() -> torch.Tensor:
        optimizer.zero_grad()
        loss = balance(terms, scene.frame)
        loss.backward()
        return loss

    optimizer.step(step)  # type: ignore[arg-type]
    beta = np.log1p(np.exp(answers(balance, scene.frame.teachers["dino"].pooled)[:, 0]))
    np.testing.assert_allclose(beta, 3 / (2 * terms["dino/kind"].numpy()), rtol=1e-3)


@pytest.mark.parametrize("form", ["released", "map"])
def test_without_the_logarithm_the_precision_would_collapse(form: str) -> None:
    """The energy alone asks for a lower precision at every sample; the whole asks for a higher one where it is low."""
    scene, balance = Scene(), made(form)
    with torch.no_grad():
        balance.net[2].weight.zero_()
        balance.net[2].bias.fill_(-4.0 if form == "map" else 4.0)  # a precision of 0.02
    bias = balance.net[2].bias
    up = 1 if form == "map" else -1  # the direction in which the precision grows
    (whole,) = torch.autograd.grad(balance(scene.terms, scene.frame), bias)
    assert (up * whole < 0).all()  # descent raises it
    large = {name: 1e6 * term for name, term in scene.terms.items()}  # the logarithm does not grow with the loss
    (energy,) = torch.autograd.grad(balance(large, scene.frame), bias)
    assert (up * energy > 0).all()


@pytest.mark.parametrize("form", ["released", "map"])
def test_samples_without_the_teachers_inputs_take_no_part(form: str) -> None:
    scene = Scene()
    kept = torch.tensor([True, True, False, True, False, True])
    features = scene.frame.teachers["dino"].pooled.clone()
    features[~kept] = float("nan")
    here = replace(scene.frame, teachers={"dino": Embedding(pooled=features)}, taught={"dino": kept})
    raw = {name: scene.terms[name] * kept for name in ("dino/kind", "dino/cosine")}
    scaled = {name: term * B / kept.sum() for name, term in raw.items()}  # as over_rows hands it over
    few = frame(teachers={"dino": features[kept]})
    alone = {name: term[kept] for name, term in raw.items()}
    balance = made(form)
    loss = balance(scaled, here)
    torch.testing.assert_close(loss, balance(alone, few))
    assert all(p.isfinite().all() for p in torch.autograd.grad(loss, list(balance.parameters())))


@pytest.mark.parametrize("form", ["released", "map"])
def test_a_batch_without_the_teacher_is_finite(form: str) -> None:
    scene = Scene()
    here = replace(scene.frame, taught={"dino": torch.zeros(B, dtype=torch.bool)})
    terms = {name: scene.terms[name] * 0 for name in ("dino/kind", "dino/cosine")}
    assert made(form)(terms, here) == 0


def test_the_teacher_gets_no_gradient_and_the_network_and_the_student_do() -> None:
    for form in ("released", "map"):
        scene, balance = Scene(), made(form)
        features = scene.frame.teachers["dino"].pooled.clone().requires_grad_()
        here = replace(scene.frame, teachers={"dino": Embedding(pooled=features)})
        wanted = [features, scene.student, *balance.parameters()]
        found = torch.autograd.grad(balance(scene.terms, here), wanted, allow_unused=True)
        assert found[0] is None
        assert all(g is not None and g.any() for g in found[1:])


def test_gradients_are_exact() -> None:
    scene = Scene()
    terms = {name: term.detach() for name, term in scene.terms.items()}
    for form in ("released", "map"):
        balance = made(form, hidden=3)
        names, values = zip(*balance.named_parameters(), strict=True)

        def total(*given: torch.Tensor, balance=balance, names=names) -> torch.Tensor:
            return torch.func.functional_call(balance, dict(zip(names, given, strict=True)), (terms, scene.frame))

        assert torch.autograd.gradcheck(total, tuple(v.detach().clone().requires_grad_() for v in values))


def test_very_unsure_networks_stay_finite_in_float32() -> None:
    scene = Scene(dtype=torch.float32)
    balance = made("map").float()
    for raw in (-200.0, -31.0, -29.0, 90.0):
        with torch.no_grad():
            balance.net[2].bias.fill_(raw)
        loss = balance(scene.terms, scene.frame)
        gradients = torch.autograd.grad(loss, list(balance.parameters()))
        assert loss.isfinite()
        assert all(g.isfinite().all() for g in gradients)


def test_a_teacher_without_a_pooled_vector_is_read_through_its_tokens() -> None:
    scene, balance = Scene(), made()
    pooled = scene.frame.teachers["dino"].pooled
    tokens = Tokens(torch.stack([pooled, 3 * pooled, 9 * pooled], dim=1), valid=torch.tensor([[True, True, False]] * B))
    here = replace(scene.frame, teachers={"dino": Embedding(tokens=tokens)})
    twice = replace(scene.frame, teachers={"dino": Embedding(pooled=2 * pooled)})
    torch.testing.assert_close(balance(scene.terms, here), balance(scene.terms, twice))


def test_a_scalar_term_stands_for_every_sample() -> None:
    scene, balance = Scene(), made("map", ("relation", "dino/kind"))
    spread = {**scene.terms, "relation/distance": scene.terms["relation/distance"].expand(B)}
    torch.testing.assert_close(balance(scene.terms, scene.frame), balance(spread, scene.frame))


def test_wrong_options_and_widths_are_named() -> None:
    scene = Scene()
    with pytest.raises(ConfigError, match=r"expected features \[B, 7\] of 'dino', found \[6, 4\]"):
        PerSamplePrecision(("dino",), width=7, teacher="dino")(scene.terms, scene.frame)
    bare = replace(scene.frame, teachers={"dino": Embedding()})
    with pytest.raises(ConfigError, match=r"expected features \[B, 4\] of 'dino', found nothing"):
        made()(scene.terms, bare)
    with pytest.raises(ConfigError, match="balance term 'dnio' fits no term"):
        made(learned=("dnio", "dino"))(scene.terms, scene.frame)
    with pytest.raises(ConfigError, match="form 'map' weighs distilled terms, found task/kind, dino"):
        made("map", ("task/kind", "dino"))
    with pytest.raises(ValueError, match='unknown form \'paper\'; known: "released", "map"'):
        made("paper")
    with pytest.raises(ValueError, match="expected dimension > 0, found 0"):
        made(dimension=0)
    assert isinstance(made().supervised(), FixedWeights)
