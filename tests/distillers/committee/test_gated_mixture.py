"""A router over experts: the mixture, its own loss, the load, and who gets which gradient."""

import pytest
import torch
from torch.nn import functional as F

from distillers.committee.rooms import LABELS, check_doubles, check_teachers_left_alone, connected, frame, kl
from xmodal.distillers import GatedMixture

FIRST = torch.tensor([True, False, True, True, False])


def routed(form="probabilities"):
    distiller = connected(GatedMixture("kind", teachers=("a", "b"), form=form, temperature=2.0))
    torch.nn.init.normal_(distiller.gate.weight)
    return distiller


def gates(distiller, given):
    read = [F.layer_norm(given.teachers[name].pooled, given.teachers[name].pooled.shape[1:]) for name in "ab"]
    return distiller.gate(torch.cat(read, 1)).softmax(1)


@pytest.mark.parametrize("form", ["logits", "probabilities"])
def test_the_student_learns_from_the_mixture_and_the_router_from_the_labels(form):
    given, distiller = frame(), routed(form)
    terms, g = distiller(given), gates(routed(form), given).unsqueeze(-1)
    z = torch.stack([given.teachers[name].outputs["kind"] for name in "ab"], 1)
    if form == "logits":
        soft, hard = ((g * z).sum(1) / 2).softmax(-1), (g * z).sum(1).softmax(-1)
    else:
        soft, hard = (g * (z / 2).softmax(-1)).sum(1), (g * z.softmax(-1)).sum(1)
    torch.testing.assert_close(terms["soft"], kl(soft, given.student.outputs["kind"], 2.0))
    expected = -hard[LABELS >= 0].gather(1, LABELS[LABELS >= 0].unsqueeze(1)).log().mean()
    torch.testing.assert_close(terms["router"].mean(), expected)
    assert terms["router"][2] == 0


def test_it_begins_as_a_plain_average_and_an_absent_expert_has_no_say():
    given = frame(a=FIRST)
    distiller = connected(GatedMixture("kind", teachers=("a", "b")))
    _, known = distiller.answers(given)
    expected = torch.stack([torch.where(FIRST, 0.5, 0.0), torch.where(FIRST, 0.5, 1.0)])
    torch.testing.assert_close(distiller.gates(given, known), expected)


def test_the_load_is_one_when_all_serve_equally_and_two_when_one_of_two_does_all():
    from xmodal.distillers.committee.gated_mixture import load

    assert load(torch.tensor([[0.6, 0.4], [0.4, 0.6]])) == 1
    torch.testing.assert_close(load(torch.tensor([[1.0, 1.0], [0.0, 0.0]])), torch.tensor(2.0))


def test_the_soft_term_moves_the_student_and_the_router_term_the_gate():
    given, distiller = frame(), routed()
    terms = distiller(given)
    student, gate = given.student.outputs["kind"], distiller.gate.weight
    grads = {n: torch.autograd.grad(t.sum(), [student, gate], retain_graph=True, allow_unused=True)
             for n, t in terms.items()}  # fmt: skip
    assert [x is not None for x in grads["soft"]] == [True, False]
    assert [x is not None for x in grads["router"]] == [False, True]
    assert [x is not None for x in grads["load"]] == [False, True]
    check_doubles(terms, student, given)
    check_teachers_left_alone(distiller, frame())


def test_the_router_reads_the_labels_of_what_the_experts_saw():
    distiller, moved = routed(), torch.tensor([1, 0, 2, -1, 0])
    own, other = distiller(frame())["router"], distiller(frame(seen=moved))["router"]
    torch.testing.assert_close(other, distiller(frame(labels=moved))["router"])
    assert not torch.allclose(own, other)
    assert distiller(frame(labels=None))["router"].eq(0).all()


def test_a_task_of_tokens_is_refused():
    with pytest.raises(ValueError, match="routes whole samples"):
        connected(GatedMixture("each", teachers=("a",)))
