"""Heads for each teacher: AM-RADIO, PHI-S, UNIC and Theia by formulas written out."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from distillers.committee.rooms import EVERY, B, N, check_doubles, check_teachers_left_alone, connected, frame
from xmodal.balance import PHIS, EMAStandardizer, FixedStandardizer, TeacherDropping
from xmodal.bus import Tokens
from xmodal.distillers import RadioHeads, TheiaHeads, UnicHeads

SOME = torch.tensor([True, False, True, True, False])
RADIO = {"summary": None, "tokens": None}


def cosine(a, b):
    return F.cosine_similarity(a, b, dim=-1)


def test_radio_compares_summaries_by_direction_and_tokens_by_value_too():
    given = frame(a=SOME)
    distiller = connected(RadioHeads(RADIO, teacher="a", hidden=16))
    terms, teacher = distiller(given), given.teachers["a"]
    summary = distiller.heads["summary"](given.student.pooled)
    torch.testing.assert_close(terms["summary"], (1 - cosine(summary, teacher.pooled)) * SOME * 5 / 3)
    tokens = distiller.heads["tokens"](given.student.tokens.x)
    values = F.smooth_l1_loss(tokens, teacher.tokens.x, reduction="none").mean(-1)
    expected = (0.9 * (1 - cosine(tokens, teacher.tokens.x)) + 0.1 * values).mean(1)
    torch.testing.assert_close(terms["tokens"], expected * SOME * 5 / 3)


def test_a_teacher_without_tokens_that_fit_gives_a_summary_alone():
    distiller = connected(RadioHeads({"summary": None}, teacher="b"))
    assert not distiller.paired
    assert set(distiller(frame())) == {"summary"}
    with pytest.raises(ValueError, match="teacher 'b' has no tokens"):
        connected(RadioHeads({"tokens": None}, teacher="b"))
    with pytest.raises(ValueError, match="targets: expected some of summary, tokens"):
        RadioHeads({"cls": None})


def test_phi_s_targets_are_fitted_before_the_first_step_and_regressed():
    given = frame(a=SOME)
    nodes = {"summary": PHIS(4), "tokens": PHIS(4)}
    distiller = connected(RadioHeads(nodes, teacher="a", tokens="squared"))
    distiller.prepare([given, frame()])
    rows = torch.cat([given.teachers["a"].tokens.x[SOME].flatten(0, 1), frame().teachers["a"].tokens.x.flatten(0, 1)])
    spread = nodes["tokens"](rows, progress=0.0).var(0)
    torch.testing.assert_close(spread, torch.ones(4), rtol=1e-4, atol=1e-4)
    target = nodes["tokens"](given.teachers["a"].tokens.x, progress=0.0)
    expected = (distiller.heads["tokens"](given.student.tokens.x) - target).square().mean((1, 2)) * SOME * 5 / 3
    torch.testing.assert_close(distiller(given)["tokens"], expected)


def ladder(rungs, features):
    return sum(rung[2](F.gelu(rung[0](x))) for rung, x in zip(rungs, features, strict=True))


def test_unic_is_its_formula_for_each_image():
    given, teacher = frame(), frame().teachers["a"]
    nodes = {"summary": EMAStandardizer(4), "tokens": EMAStandardizer(4)}
    for node in nodes.values():
        node.mean.fill_(0.3)
        node.std.fill_(2.0)
    distiller = connected(UnicHeads(nodes, teacher="a", hidden=8, last=16))
    terms = distiller(given)
    first, last = given.student.layers
    pooled = F.avg_pool2d(first.x.transpose(1, 2).unflatten(2, (4, 4)), 2).flatten(2).transpose(1, 2)
    summary = ladder(distiller.heads["summary"].rungs, [first.x.mean(1), last.x.mean(1)])
    tokens = ladder(distiller.heads["tokens"].rungs, [pooled, last.x])
    found = {"summary": (summary, teacher.pooled), "tokens": (tokens, teacher.tokens.x)}
    for part, (own, raw) in found.items():
        target = (raw - 0.3) / (2.0 + 1e-6)
        values = F.smooth_l1_loss(own, target, reduction="none").mean(-1)
        expected = 0.5 * (1 - cosine(own, target)) + 0.5 * values
        torch.testing.assert_close(terms[part], expected if part == "summary" else expected.mean(1))
    assert [rung[0].out_features for rung in distiller.heads["tokens"].rungs] == [8, 16]


def test_unic_takes_the_statistics_of_what_counts_and_uses_those_from_before():
    node = EMAStandardizer(4, momentum=1.0)
    distiller, given = connected(UnicHeads({"summary": node}, teacher="a", hidden=4, last=4)), frame(a=SOME)
    raw = given.teachers["a"].pooled
    target, _ = distiller.target(given, "summary")
    torch.testing.assert_close(target[SOME], raw[SOME] / (1 + 1e-6))
    torch.testing.assert_close(node.mean, raw[SOME].mean(0))
    torch.testing.assert_close(node.std, raw[SOME].std(0) + 1e-6)
    assert "standardizers.summary.mean" in distiller.state_dict()


def test_a_teachers_terms_can_be_dropped_by_image():
    heads = {name: connected(UnicHeads({"summary": None}, teacher=name, hidden=4, last=4)) for name in "ab"}
    given = frame()
    terms = {f"{name}/{part}": value for name, head in heads.items() for part, value in head(given).items()}
    balance = TeacherDropping({"a": ("a",), "b": ("b",)}, probability=1.0).train()
    worst = torch.maximum(terms["a/summary"], terms["b/summary"])
    torch.testing.assert_close(balance(terms, given), worst.mean())


def test_theia_takes_the_whole_map_for_one_vector():
    node, given = FixedStandardizer(4), frame(a=SOME)
    distiller = connected(TheiaHeads(node, teacher="a", hidden=8))
    distiller.prepare([given])
    raw = given.teachers["a"].tokens.x
    rows = raw[SOME].flatten(0, 1)
    target = ((raw - rows.mean(0)) / rows.std(0)).flatten(1)
    head = distiller.heads["tokens"]
    own = head.norm(given.student.tokens.x).transpose(1, 2).unflatten(2, (2, 2))
    own = head.out(F.gelu(head.conv(own)).flatten(2).transpose(1, 2)).flatten(1)
    expected = 0.9 * (1 - cosine(own, target)) + 0.1 * F.smooth_l1_loss(own, target, reduction="none").mean(1)
    torch.testing.assert_close(distiller(given)["tokens"], expected * SOME * 5 / 3, rtol=1e-4, atol=1e-5)


def test_tokens_that_nothing_is_paired_with_count_nothing():
    given, distiller = frame(), connected(RadioHeads({"tokens": None}, teacher="a", hidden=8))
    pairs = given.pairs["student", "a"]
    few = replace(pairs, index=pairs.index[: N + 1], weight=pairs.weight[: N + 1])
    thin = replace(given, pairs={**given.pairs, ("student", "a"): few})
    found, whole = distiller(thin)["tokens"], distiller(given)["tokens"]
    torch.testing.assert_close(found[0], whole[0] * B / 2)
    assert found[2:].eq(0).all()


def test_layers_without_a_place_among_the_tokens_are_refused():
    given = frame()
    lost = replace(given, student=replace(given.student, layers=(Tokens(torch.randn(B, 7, 3)), given.student.tokens)))
    with pytest.raises(ValueError, match="has no place in tokens"):
        connected(UnicHeads({"tokens": None}, teacher="a", hidden=4, last=4))(lost)


@pytest.mark.parametrize("build", [
    lambda: RadioHeads(RADIO, teacher="a"),
    lambda: UnicHeads({"summary": EMAStandardizer(4), "tokens": EMAStandardizer(4)}, teacher="a", hidden=8, last=8),
    lambda: TheiaHeads(FixedStandardizer(4), teacher="a"),
])  # fmt: skip
def test_gradient_reaches_student_and_heads_alone(build):
    distiller, given = connected(build()), frame()
    check_teachers_left_alone(distiller, given)
    assert all(p.grad is not None for p in distiller.parameters())
    given = frame()
    check_doubles(distiller(given), given.student.tokens.x, given)
    assert all(term.eq(0).all() for term in distiller(frame(a=~EVERY)).values())
