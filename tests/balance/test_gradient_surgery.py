"""PCGrad at the student's features: every parameter of a step gets the gradient that is due to it."""

from collections.abc import Callable, Mapping
from itertools import permutations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from balance.frames import frame
from xmodal.balance import FixedWeights, GradientSurgery
from xmodal.balance.gradient_surgery import combination, cut
from xmodal.bus import Embedding, Tokens
from xmodal.errors import ConfigError

F64 = torch.float64


def pcgrad(gradients: np.ndarray, orders: list[list[int]]) -> np.ndarray:
    """The paper's algorithm with vectors: [K, P] to [P]."""
    total = np.zeros_like(gradients[0])
    for i, order in enumerate(orders):
        own = gradients[i].copy()
        for j in order:
            dot = own @ gradients[j]
            if dot < 0:
                own -= dot / (gradients[j] @ gradients[j]) * gradients[j]
        total += own
    return total


def fixed_orders(count: int) -> list[list[int]]:
    return [[j for j in range(count) if j != i] for i in range(count)]


@pytest.mark.parametrize("count", [2, 3, 5])
def test_shares_from_inner_products_are_the_algorithm_with_vectors(count: int) -> None:
    rng = np.random.default_rng(count)
    for _ in range(20):
        rows = rng.standard_normal((count, 4)) * rng.uniform(0.1, 10, (count, 1))
        orders = [list(rng.permutation(order)) for order in fixed_orders(count)]
        shares = combination(torch.from_numpy(rows @ rows.T), orders).numpy()
        np.testing.assert_allclose(shares @ rows, pcgrad(rows, orders), rtol=1e-9, atol=1e-12)


def test_a_gradient_of_zero_conflicts_with_nobody() -> None:
    rows = torch.tensor([[1.0, 0.0], [0.0, 0.0], [-1.0, 1.0]], dtype=F64)
    expected = pcgrad(rows[[0, 2]].numpy(), fixed_orders(2))
    np.testing.assert_allclose((combination(rows @ rows.T, fixed_orders(3)) @ rows).numpy(), expected)


def test_with_one_sample_and_only_a_bias_it_is_pcgrad_of_that_parameter() -> None:
    """There the gradient at the features is the gradient of the parameter."""
    bias, x, pulls = (
        torch.zeros(5, dtype=F64, requires_grad=True),
        torch.randn(1, 5, dtype=F64),
        torch.randn(3, 5, dtype=F64),
    )
    pooled = x + bias
    terms = {f"t{i}/x": (pooled * pull + 0.1 * pooled.square()).sum(1) for i, pull in enumerate(pulls)}
    rows = np.stack([torch.autograd.grad(t.mean(), bias, retain_graph=True)[0].numpy() for t in terms.values()])
    assert (rows @ rows.T < 0).any()
    GradientSurgery(order="fixed")(terms, frame(pooled=pooled)).backward()
    assert bias.grad is not None
    np.testing.assert_allclose(bias.grad.numpy(), pcgrad(rows, fixed_orders(3)), rtol=1e-9)


class Net(nn.Module):
    """An encoder with a hidden layer, tokens and pooled vector, and modules of its own for three terms.

    made_of_tokens: whether the pooled vector is computed from the tokens or beside them.
    """

    def __init__(self, made_of_tokens: bool) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.made_of_tokens = made_of_tokens
        self.lower, self.upper = nn.Linear(4, 6), nn.Linear(6, 5)
        self.side, self.pool = nn.Linear(6, 5), nn.Linear(5, 5)
        self.head, self.projector, self.token_head = nn.Linear(5, 3), nn.Linear(5, 2), nn.Linear(5, 2)
        self.hidden_head = nn.Linear(6, 2)
        self.peer = nn.Parameter(torch.randn(6))
        self.double()

    def forward(self, x: Tensor) -> tuple[Embedding, dict[str, Tensor]]:
        """x [B, N, 4]; the terms, of which the last two do not pass through the features."""
        hidden = self.lower(x).tanh()
        tokens = self.upper(hidden)
        pooled = self.pool(tokens.mean(1)).tanh() if self.made_of_tokens else self.side(hidden).mean(1)
        target = torch.linspace(-1, 1, 3, dtype=F64)
        terms = {
            "task/kind": (self.head(pooled) - target).square().mean(1),
            "soft/kind": (self.head(pooled) + 2 * target).square().mean(1),
            "match/pooled": (self.projector(pooled) - 1).square().mean(1),
            "match/tokens": (self.token_head(tokens) + 1).square().mean((1, 2)),
            "relation/spread": -2 * pooled.std() + (tokens * pooled.unsqueeze(1)).mean(),
            "hidden/layer": self.hidden_head(hidden).square().mean((1, 2)),
            "peer/own": self.peer.square(),
        }
        return Embedding(pooled=pooled, tokens=Tokens(tokens)), terms


GROUPS = {"labels": ("task",), "teachers": ("soft", "match"), "relations": ("relation",), "deep": ("hidden",)}
ENCODER = {"lower.weight", "lower.bias", "upper.weight", "upper.bias", "side.weight", "side.bias"}


def due(net: Net, x: Tensor, groups: Mapping[str, tuple[str, ...]], weights: Mapping[str, float]) -> dict[str, Tensor]:
    """By parameter: the plain gradient, plus for the encoder what the surgery at the features changes."""
    embedding, terms = net(x)
    assert embedding.tokens is not None
    assert embedding.pooled is not None
    features = [embedding.tokens.x] if net.made_of_tokens else [embedding.tokens.x, embedding.pooled]
    means = {name: weights.get(name.split("/")[0], 1.0) * term.mean() for name, term in terms.items()}
    rows, sizes = [], [f.numel() for f in features]
    for names in groups.values():
        loss = sum(means[n] for n in means if n.split("/")[0] in names)
        parts = torch.autograd.grad(loss, features, retain_graph=True, allow_unused=True)
        rows.append(
            np.concatenate(
                [
                    (torch.zeros_like(f) if g is None else g).flatten().numpy()
                    for f, g in zip(features, parts, strict=True)
                ]
            )
        )
    edited = torch.from_numpy(pcgrad(np.stack(rows), fixed_orders(len(rows))) - np.sum(rows, axis=0))
    parts = [e.view_as(f) for e, f in zip(edited.split(sizes), features, strict=True)]
    named = dict(net.named_parameters())
    plain = torch.autograd.grad(sum(means.values()), list(named.values()), retain_graph=True, allow_unused=True)
    change = torch.autograd.grad(features, list(named.values()), parts, allow_unused=True)
    result = {}
    for (name, parameter), own, more in zip(named.items(), plain, change, strict=True):
        zero = torch.zeros_like(parameter)
        result[name] = (zero if own is None else own) + (zero if more is None else more)
    return result


@pytest.mark.parametrize("made_of_tokens", [True, False])
def test_every_parameter_gets_the_gradient_that_is_due_to_it(made_of_tokens: bool) -> None:
    net, x, weights = Net(made_of_tokens), torch.randn(6, 3, 4, dtype=F64), {"match": 0.5, "task": 3.0}
    embedding, terms = net(x)
    here = frame(pooled=embedding.pooled, tokens=embedding.tokens.x)
    loss = GradientSurgery(GROUPS, order="fixed", weights=weights)(terms, here)
    torch.testing.assert_close(loss, FixedWeights(weights)(terms, here))
    loss.backward()
    wanted = due(net, x, GROUPS, weights)
    plain_net = Net(made_of_tokens)
    plain_embedding, plain_terms = plain_net(x)
    FixedWeights(weights)(plain_terms, frame(pooled=plain_embedding.pooled)).backward()
    plain = {name: torch.zeros_like(p) if p.grad is None else p.grad for name, p in plain_net.named_parameters()}
    for name, parameter in net.named_parameters():
        found = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        torch.testing.assert_close(found, wanted[name], msg=name)
        if name in ENCODER and plain[name].any():
            assert not torch.allclose(found, plain[name]), name  # the surgery did something
        else:
            torch.testing.assert_close(found, plain[name], msg=name)  # behind the features, or beside them


@pytest.mark.parametrize("made_of_tokens", [True, False])
def test_without_conflict_every_gradient_is_that_of_the_plain_sum(made_of_tokens: bool) -> None:
    def gradients(balance: Callable[..., Tensor]) -> dict[str, Tensor | None]:
        net = Net(made_of_tokens)
        embedding, terms = net(torch.linspace(-1, 1, 72, dtype=F64).reshape(6, 3, 4))
        terms = {"a/x": terms["match/pooled"], "b/x": 2 * terms["match/pooled"], "c/x": terms["match/pooled"] ** 2}
        balance(terms, frame(pooled=embedding.pooled, tokens=embedding.tokens.x)).backward()
        return {name: p.grad for name, p in net.named_parameters()}

    for name, gradient in gradients(FixedWeights()).items():
        torch.testing.assert_close(gradients(GradientSurgery())[name], gradient, msg=name)


def test_a_pooled_vector_made_of_the_tokens_is_no_second_feature() -> None:
    x = torch.randn(2, 3, 4, requires_grad=True)
    tokens = x * 2
    assert [f.shape for f in cut(Embedding(pooled=tokens.mean(1), tokens=Tokens(tokens)))] == [(2, 3, 4)]
    assert [f.shape for f in cut(Embedding(pooled=x.mean(1), tokens=Tokens(tokens)))] == [(2, 3, 4), (2, 4)]
    assert [f.shape for f in cut(Embedding(pooled=x.mean(1)))] == [(2, 4)]
    assert cut(Embedding(pooled=x.detach().mean(1), tokens=Tokens(tokens.detach()))) == []


def test_conflicts_of_a_pooled_and_a_token_term_are_seen_through_the_tokens() -> None:
    x = torch.zeros(2, 3, 4, dtype=F64, requires_grad=True)
    tokens = x + 0
    pooled = tokens.mean(1)
    terms = {"a/x": pooled.sum(1), "b/x": -tokens.mean((1, 2)) * 4}
    GradientSurgery()(terms, frame(pooled=pooled, tokens=tokens)).backward()
    assert x.grad is not None
    assert x.grad.abs().max() < 1e-15


def test_the_order_of_comparison_is_drawn_anew_or_fixed() -> None:
    pulls = torch.tensor([[1.0, 0.2, 0.0], [-0.8, 1.0, 0.3], [-0.3, -1.0, 1.0]], dtype=F64)

    def gradient(balance: GradientSurgery) -> tuple[float, ...]:
        pooled = torch.zeros(1, 3, dtype=F64, requires_grad=True)
        terms = {f"t{i}/x": (pooled * pull).sum(1) for i, pull in enumerate(pulls)}
        balance(terms, frame(pooled=pooled)).backward()
        assert pooled.grad is not None
        return tuple(round(v, 9) for v in pooled.grad[0].tolist())

    possible = set()
    for orders in np.array(np.meshgrid(*[[0, 1]] * 3)).T.reshape(-1, 3):
        rows = [list(list(permutations(order))[k]) for order, k in zip(fixed_orders(3), orders, strict=True)]
        possible.add(tuple(round(float(v), 9) for v in pcgrad(pulls.numpy(), rows)))
    assert len(possible) > 2
    random = GradientSurgery().train()
    torch.manual_seed(0)
    first = [gradient(random) for _ in range(60)]
    assert set(first) == possible
    torch.manual_seed(0)
    assert [gradient(random) for _ in range(60)] == first
    fixed = tuple(round(float(v), 9) for v in pcgrad(pulls.numpy(), fixed_orders(3)))
    assert {gradient(GradientSurgery(order="fixed").train()) for _ in range(5)} == {fixed}
    assert {gradient(GradientSurgery().eval()) for _ in range(5)} == {fixed}


def test_features_in_half_precision_get_their_gradient_too() -> None:
    pooled = torch.zeros(1, 3, dtype=torch.bfloat16, requires_grad=True)
    terms = {"a/x": pooled.float().sum(1), "b/x": (pooled.float() * torch.tensor([-1.0, 0.0, 0.0])).sum(1)}
    with torch.autocast("cpu", torch.bfloat16):
        loss = GradientSurgery()(terms, frame(pooled=pooled))
    loss.backward()
    expected = pcgrad(np.array([[1.0, 1, 1], [-1, 0, 0]]), fixed_orders(2))
    assert pooled.grad is not None
    np.testing.assert_allclose(pooled.grad.float().numpy()[0], expected, rtol=1e-2)


def test_one_group_or_terms_without_gradient_leave_the_plain_sum() -> None:
    pooled = torch.zeros(2, 3, requires_grad=True)
    here = frame(pooled=pooled)
    terms = {"a/x": pooled.sum(1), "b/x": -pooled.sum(1)}
    GradientSurgery({"all": ("a", "b")})(terms, here).backward()
    assert pooled.grad is not None
    assert not pooled.grad.any()
    GradientSurgery()({"a/x": pooled.sum(1), "c/x": torch.ones(2)}, here).backward()
    torch.testing.assert_close(pooled.grad, torch.full((2, 3), 0.5))


def test_an_arm_without_teachers_keeps_the_surgery_between_its_tasks() -> None:
    alone = GradientSurgery(
        {"a": ("task/x", "soft"), "b": ("task/y",), "c": ("soft2",)}, order="fixed", weights={"task/x": 2, "soft": 3}
    )
    kept = alone.supervised()
    assert isinstance(kept, GradientSurgery)
    assert (kept.groups, kept.order, kept.weights) == ({"a": ("task/x",), "b": ("task/y",)}, "fixed", {"task/x": 2})
    by_term = GradientSurgery().supervised()
    assert isinstance(by_term, GradientSurgery)
    assert by_term.groups is None


def test_names_and_orders_that_do_not_fit_are_one_clear_error() -> None:
    pooled = torch.zeros(2, 3, requires_grad=True)
    with pytest.raises(ConfigError, match="balance term 'b' fits no term; terms: a/x"):
        GradientSurgery({"one": ("a",), "two": ("b",)})({"a/x": pooled.sum(1)}, frame(pooled=pooled))
    with pytest.raises(ConfigError, match=r"groups\.one: expected several names"):
        GradientSurgery({"one": "a"})
    with pytest.raises(ValueError, match='unknown order \'seeded\'; known: "random", "fixed"'):
        GradientSurgery(order="seeded")  # type: ignore[arg-type]
