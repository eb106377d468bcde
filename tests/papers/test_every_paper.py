"""Every recipe of a published system trains, and its mechanism is really there."""

import pytest
import torch
from rich.console import Console

from papers.small import Bench, disturbed, overrides_of, terms
from xmodal.balance import FixedWeights
from xmodal.engine import papers
from xmodal.engine.config import find
from xmodal.engine.log import Log
from xmodal.engine.run import Run

SLOW = {"four_d_ral", "hear", "switch_kd_3d"}
"""Recipes whose data or models take more than some seconds to make."""

every_paper = pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow if n in SLOW else ()) for n in papers.names()]
)


@every_paper
def test_it_says_what_it_is(name):
    paper = papers.paper_of(name)
    text = find(paper.config).read_text(encoding="utf-8")
    assert f"xmodal train papers/{name}" in text
    assert "Faithful:" in text
    assert "Ours:" in text
    if "described" in paper.evidence:
        assert "re-implementation from the description" in " ".join(text.split())


@every_paper
def test_it_trains_three_steps_on_eight_samples(name, request, tmp_path):
    overrides = overrides_of(name, request)
    config = papers.configured(name, overrides)
    run = Run(tmp_path / "run", config, find(f"papers/{name}"), Log(tmp_path / "run", Console(quiet=True)))
    result = run.train()
    assert {"student", "distilled"} <= result["arms"].keys()


@every_paper
def test_switching_the_mechanism_off_changes_the_students_gradient(name, request):
    bench = Bench(name, overrides_of(name, request))
    whole, again, without = bench.gradients(), bench.gradients(), bench.gradients(papers.paper_of(name).without)
    assert whole.keys() == without.keys()
    assert all(torch.equal(whole[k], again[k]) for k in whole), "two steps with one seed differ"
    assert any(not torch.allclose(whole[k], without[k], rtol=1e-4, atol=1e-9) for k in whole)


@every_paper
def test_the_mechanism_reads_the_tensor_that_it_names(name, request):
    bench = Bench(name, overrides_of(name, request))
    distillation, batch = bench.step()
    frame = distillation.frame(batch, 0.5)
    before, again = terms(distillation, frame), terms(distillation, frame)
    assert all(torch.equal(before[k], again[k]) for k in before)
    after = terms(distillation, disturbed(frame, papers.paper_of(name).reads.split(".")))
    assert any(not torch.allclose(before[k], after[k], rtol=1e-4, atol=1e-7) for k in before)


@every_paper
def test_a_doubled_weight_doubles_exactly_its_terms_in_the_loss(name, request):
    """Weights live in the balance alone: no distiller scales its terms by one of its own behind it."""
    bench = Bench(name, overrides_of(name, request))
    distillation, batch = bench.step()
    if not isinstance(distillation.balance, FixedWeights):
        pytest.skip("this system's balance is no sum of fixed weights")
    torch.manual_seed(2)
    losses = distillation(batch, 0.5)
    frame = distillation.frame(batch, 0.5)
    fixed = {term: distillation.balance.weight_of(term, 0.5) for term in losses.terms}
    for group in distillation.distillers:
        double = FixedWeights({t: w * (2 if t.split("/")[0] == group else 1) for t, w in fixed.items()})
        share = sum(w * losses.terms[t].mean() for t, w in fixed.items() if t.split("/")[0] == group)
        torch.testing.assert_close(double(losses.terms, frame), losses.total + share, rtol=1e-5, atol=1e-6)
