"""Place recognition: the loss against a slow formula, the metric against cases counted by hand."""

import math

import pytest
import torch

from xmodal.tasks import Retrieval


def slow_loss(z, target, positive_m, negative_m, temperature):
    """Equation 2 of supervised contrastive learning, sample by sample, in float64."""
    z, known = z.double(), target.isfinite().all(1).tolist()
    each = []
    for i in range(len(z)):
        others = [j for j in range(len(z)) if j != i and known[i] and known[j]]
        gap = {j: math.dist(target[i, :2].tolist(), target[j, :2].tolist()) for j in others}
        same = [j for j in others if gap[j] < positive_m]
        counted = [j for j in others if gap[j] < positive_m or gap[j] > negative_m]
        whole = sum(math.exp(float(z[i] @ z[j]) / temperature) for j in counted)
        terms = [math.log(math.exp(float(z[i] @ z[j]) / temperature) / whole) for j in same]
        each.append(-sum(terms) / len(terms) if terms else 0.0)
    anchors = sum(1 for i in range(len(z)) if each[i] > 0)
    return torch.tensor(each, dtype=torch.float64) * sum(known) / max(anchors, 1)


def test_the_loss_agrees_with_the_slow_formula_in_float64():
    torch.manual_seed(1)
    z = torch.nn.functional.normalize(torch.randn(9, 5, dtype=torch.float64), dim=1)
    target = torch.cat([torch.rand(9, 2) * 90, torch.zeros(9, 1)], 1)
    target[1, :2], target[2, :2] = target[0, :2] + 3, target[0, :2] + 20  # the same place, and neither
    target[8] = float("nan")
    task = Retrieval(5, positive_m=10, negative_m=50, temperature=0.2)
    torch.testing.assert_close(task.loss(z, target), slow_loss(z, target, 10, 50, 0.2))


def test_the_loss_has_correct_gradients_and_ignores_unknown_places():
    z = torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([[0.0, 0, 0], [1, 0, 1], [100, 0, 0], [101, 0, 1], [200, 0, 0], [math.nan] * 3])
    task = Retrieval(4)
    assert torch.autograd.gradcheck(lambda x: task.loss(x, target), z)
    task.loss(z, target).sum().backward()
    assert z.grad[5].abs().sum() == 0
    assert torch.isfinite(z.grad).all()


def test_a_batch_without_two_visits_of_a_place_costs_nothing():
    z = torch.randn(3, 4, requires_grad=True)
    loss = Retrieval(4).loss(z, torch.tensor([[0.0, 0, 0], [100, 0, 0], [200, 0, 1]]))
    assert loss.tolist() == [0, 0, 0]
    loss.sum().backward()
    assert torch.isfinite(z.grad).all()


def test_the_head_gives_unit_vectors_in_float32_also_under_bf16():
    head = Retrieval(16).head(8)
    with torch.autocast("cpu", torch.bfloat16):
        out = head(torch.randn(5, 8))
    assert out.dtype == torch.float32
    torch.testing.assert_close(out.norm(dim=1), torch.ones(5))


def test_recall_counts_queries_of_each_session_against_each_other_session():
    # Three places 100 m apart, seen in both sessions, and one that session 1 never visited.
    target = torch.tensor([[0.0, 0, 0], [100, 0, 0], [200, 0, 0], [300, 0, 0], [2, 0, 1], [103, 0, 1], [200, 9, 1]])
    e = torch.eye(4)
    astray = 0.6 * e[1] + 0.8 * e[2]  # looks more like place 2 than like its own place 1
    found = Retrieval(4).metrics(torch.stack([e[0], e[1], e[2], e[3], e[0], astray, e[2]]), target)
    from_1_to_0, from_0_to_1 = 2 / 3, 3 / 3  # the query of place 3 has no true neighbour and is left out
    assert found["recall@1"] == pytest.approx((from_1_to_0 + from_0_to_1) / 2)
    assert found["recall@5"] == 1


def test_recall_takes_one_percent_of_the_other_session():
    n = 200
    place = torch.arange(n, dtype=torch.float32) * 100
    target = torch.cat([torch.stack([place, torch.zeros(n), torch.full((n,), float(s))], 1) for s in (0, 1)])
    torch.manual_seed(0)
    z = torch.nn.functional.normalize(torch.randn(n, 8), dim=1)
    second = torch.nn.functional.normalize(z + 0.35 * torch.randn(n, 8), dim=1)
    found = Retrieval(8).metrics(torch.cat([z, second]), target)
    order = (second @ z.T).argsort(1, descending=True)
    hits = [float((order[:, :k] == torch.arange(n)[:, None]).any(1).float().mean()) for k in (1, 2)]
    back = (z @ second.T).argsort(1, descending=True)
    hits_back = [float((back[:, :k] == torch.arange(n)[:, None]).any(1).float().mean()) for k in (1, 2)]
    assert found["recall@1"] == pytest.approx((hits[0] + hits_back[0]) / 2)
    assert found["recall@1%"] == pytest.approx((hits[1] + hits_back[1]) / 2)  # 2 of 200
    assert 0.2 < found["recall@1"] < found["recall@1%"] < 1


def test_unknown_places_and_a_single_session_give_no_number():
    target = torch.tensor([[0.0, 0, 0], [1, 0, 0], [math.nan] * 3])
    assert math.isnan(Retrieval(4).metrics(torch.eye(4)[:3], target)["recall@1"])


@pytest.mark.parametrize("wrong", [{"width": 0}, {"temperature": 0}, {"positive_m": 60}, {"radius_m": 0}])
def test_arguments_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="expected width"):
        Retrieval(**wrong)


def test_a_label_that_is_no_place_is_refused():
    with pytest.raises(ValueError, match="x_m, y_m, session"):
        Retrieval().targets(torch.zeros(4, 2), None)
