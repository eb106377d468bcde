"""A privileged stream keeps the contract, and meets in training the very null state that it has at test."""

from dataclasses import replace

import pytest
import torch

from contract.toys import Patches, batch
from xmodal.adapter import Need
from xmodal.errors import ConfigError
from xmodal.modalities.fusion import PrivilegedStream
from xmodal.testing import check_adapter

EVERYTHING = Need(pooled=True, tokens=True)


def stream(drop=0.0):
    torch.manual_seed(0)
    return PrivilegedStream(Patches("image"), Patches("depth", width=4), heads=2, drop=drop)


def test_contract():
    check_adapter(PrivilegedStream())
    check_adapter(stream(), batch())
    assert (stream().inputs, stream().privileged) == (("image",), ("depth",))


def test_outside_of_training_the_privileged_entry_changes_nothing():
    model, given = stream().eval(), batch()
    assert torch.equal(model(given, EVERYTHING).pooled, model(given.only(("image",)), EVERYTHING).pooled)


def test_dropped_absent_and_deployed_are_one_state():
    given = batch()
    deployed = stream().eval()(given, EVERYTHING)
    dropped = stream(drop=1.0).train()(given, EVERYTHING)
    absent = stream().train()(given.only(("image",)), EVERYTHING)
    for other in (dropped, absent):
        torch.testing.assert_close(other.pooled, deployed.pooled)
        torch.testing.assert_close(other.tokens.x, deployed.tokens.x)
    told = stream().train()(given, EVERYTHING)
    assert (told.pooled - deployed.pooled).abs().amax(1).min() > 1e-4


def test_a_sample_that_lacks_the_entry_is_told_nothing_of_what_stands_there():
    model, given = stream().train(), batch()
    has = torch.tensor([True, False, True, True, False, True])
    partly = replace(given, present={"depth": has})
    found, full = model(partly, EVERYTHING).pooled, model(given, EVERYTHING).pooled
    null = model(given.only(("image",)), EVERYTHING).pooled
    torch.testing.assert_close(found[has], full[has])
    torch.testing.assert_close(found[~has], null[~has])


def test_the_change_is_gate_times_attention():
    model, given = stream().train(), batch()
    found, own = model(given, EVERYTHING), model.own(given, EVERYTHING)
    told = model.project(model.extra(given, EVERYTHING).tokens.x)
    answer = model.attend(own.tokens.x, told, told, need_weights=False)[0]
    gate = 1 / (1 + (-model.gate(torch.cat([own.tokens.x, answer], -1))).exp())
    torch.testing.assert_close(found.tokens.x, own.tokens.x + gate * answer)
    torch.testing.assert_close(found.pooled, own.pooled + (gate * answer).mean(1))


def test_about_the_chosen_share_is_dropped_and_everything_learns():
    model = stream(drop=0.25).train()
    given = batch().rows(torch.arange(6).repeat(100))
    assert 0.7 < model._shown(given).float().mean() < 0.8
    model(given, EVERYTHING).pooled.square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_mistakes_are_named():
    with pytest.raises(ConfigError, match="entries that own does not read"):
        PrivilegedStream(Patches(), Patches())
    with pytest.raises(ConfigError, match="a divisor of the width 8, found 3"):
        PrivilegedStream(Patches(), Patches("depth"), heads=3)
    with pytest.raises(ConfigError, match="a chance from 0 to 1"):
        PrivilegedStream(Patches(), Patches("depth"), drop=2.0)
