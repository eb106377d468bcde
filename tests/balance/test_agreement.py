"""SPOFA's two rules by slow formulas, their memories, and the balance that applies both."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from balance.frames import B, Scene, frame
from xmodal.balance import Agreement, AgreementScaler, FixedWeights, GradientAgreement
from xmodal.balance.gradient_agreement import gradient_cosine
from xmodal.errors import ConfigError

F64 = torch.float64


def cosines(logits: torch.Tensor, labels: torch.Tensor, target: torch.Tensor) -> np.ndarray:
    """[B]: for cross-entropies the gradient at the logits is softmax minus target."""
    p = logits.detach().softmax(1).numpy()
    first, second = p - np.eye(p.shape[1])[labels.numpy()], p - target.numpy()
    return np.sum(first * second, 1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)


def losses(logits: torch.Tensor, labels: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    cross_entropy = torch.nn.functional.cross_entropy
    return cross_entropy(logits, labels, reduction="none"), cross_entropy(logits, target, reduction="none")


def drawn() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return torch.randn(B, 3, dtype=F64).requires_grad_(), torch.arange(B) % 3, torch.randn(B, 3, dtype=F64).softmax(1)


def test_sample_weights_are_the_slow_formula_over_several_steps() -> None:
    module, mean = GradientAgreement(scale=3.0, momentum=0.5, least=0.3, most=1.0).double().train(), None
    for _ in range(4):
        logits, labels, target = drawn()
        weight = module(*losses(logits, labels, target), logits)
        own = cosines(logits, labels, target)
        mean = own.mean() if mean is None else 0.5 * mean + 0.5 * own.mean()
        expected = np.clip(1 - 3.0 * np.maximum(mean - own, 0), 0.3, 1.0)
        np.testing.assert_allclose(weight.numpy(), expected, rtol=1e-10)
        assert not weight.requires_grad


def test_with_the_numbers_of_the_source_no_weight_leaves_its_inner_range() -> None:
    module = GradientAgreement().double().train()
    for _ in range(20):
        logits, labels, target = drawn()
        weight = module(*losses(logits, labels, target), logits)
        assert ((weight >= 0.6) & (weight <= 1)).all()


def test_the_scale_of_the_losses_does_not_matter_however_small() -> None:
    logits, labels, target = drawn()
    plain = gradient_cosine(*losses(logits, labels, target), logits)[0]
    first, second = losses(logits, labels, target)
    torch.testing.assert_close(gradient_cosine(1e-200 * first, 1e12 * second, logits)[0], plain)


def test_samples_without_a_label_keep_weight_one_and_do_not_move_the_mean() -> None:
    logits, labels, target = drawn()
    labelled = torch.tensor([True, True, False, True, False, False])
    whole, part = GradientAgreement().double().train(), GradientAgreement().double().train()
    first, second = losses(logits, labels, target)
    weight = whole(first * labelled, second, logits)
    few = logits.detach()[labelled].requires_grad_()
    expected = part(*losses(few, labels[labelled], target[labelled]), few)
    torch.testing.assert_close(weight[labelled], expected)
    assert (weight[~labelled] == 1).all()
    torch.testing.assert_close(whole.ema, part.ema)


def test_a_batch_without_any_label_leaves_the_memory_as_it_was() -> None:
    module = GradientAgreement().double().train()
    for begun in (False, True):
        logits, labels, target = drawn()
        first, second = losses(logits, labels, target)
        before = module.ema.clone()
        assert (module(first * 0, second, logits) == 1).all()
        assert torch.equal(module.ema, before)
        assert bool(module.begun) == begun
        module(first, second, logits)


def test_a_loss_that_does_not_depend_on_the_logits_is_an_error() -> None:
    logits, labels, target = drawn()
    first, _ = losses(logits, labels, target)
    for other in (torch.ones(B), torch.ones(B, requires_grad=True) * 2):
        with pytest.raises(ConfigError, match="a term does not depend on the student's output"):
            GradientAgreement().train()(first, other, logits)


def test_stage_weights_are_the_slow_formula_over_several_steps() -> None:
    module, mean = AgreementScaler(3, scale=2.0, momentum=0.8, least=0.5, most=1.5).double().train(), None
    for _ in range(5):
        now = torch.rand(3, dtype=F64)
        weight = module(now)
        mean = now.numpy() if mean is None else mean
        np.testing.assert_allclose(weight.numpy(), np.clip(1 - 2.0 * (mean - now.numpy()), 0.5, 1.5), rtol=1e-12)
        mean = 0.8 * mean + 0.2 * now.numpy()
        np.testing.assert_allclose(module.ema.numpy(), mean, rtol=1e-12)


def test_the_first_stage_weights_are_one_and_those_of_eval_mode_too() -> None:
    module = AgreementScaler(2).train()
    assert module(torch.tensor([0.9, -0.9])).tolist() == [1.0, 1.0]
    assert module.eval()(torch.tensor([0.1, 0.1])).tolist() == [1.0, 1.0]
    assert module.ema.tolist() == pytest.approx([0.9, -0.9])


def test_memories_travel_in_the_state() -> None:
    logits, labels, target = drawn()
    for kind, call in (
        (lambda: AgreementScaler(2), lambda m: m(torch.tensor([0.3, 0.4]))),
        (GradientAgreement, lambda m: m(*losses(logits, labels, target), logits)),
    ):
        trained, fresh = kind().train(), kind().train()
        for _ in range(2):
            call(trained)
        fresh.load_state_dict(trained.state_dict())
        assert torch.equal(call(fresh), call(trained))


def test_numbers_out_of_range_and_other_shapes_are_named() -> None:
    for kind in (lambda **o: AgreementScaler(2, **o), GradientAgreement):
        with pytest.raises(ValueError, match="expected scale from 0, found -1"):
            kind(scale=-1.0)
        with pytest.raises(ValueError, match=r"expected momentum in \[0, 1\], found 2"):
            kind(momentum=2.0)
        with pytest.raises(ValueError, match=r"expected 0 <= least <= most, found 3\.0 and 2\.0"):
            kind(least=3.0)
    with pytest.raises(ValueError, match=r"expected the agreement of 2 stages, found \[3\]"):
        AgreementScaler(2)(torch.zeros(3))


def test_the_balance_weighs_samples_of_the_distilled_term_and_stages_as_wholes() -> None:
    scene = Scene()
    agreement = {"ofa/agree1": torch.tensor([0.2, 0.4] * 3, dtype=F64), "ofa/agree2": torch.tensor(0.6, dtype=F64)}
    terms = {
        **scene.terms,
        "ofa/stage1": scene.terms["dino/cosine"],
        "ofa/stage2": scene.terms["lidar/kind"],
        **agreement,
    }
    stages = {"ofa/stage1": "ofa/agree1", "ofa/stage2": "ofa/agree2"}
    balance = (
        Agreement("kind", "dino/kind", stages=stages, weights={"dino/kind": 3.0, "ofa/stage2": 0.5}).double().train()
    )
    balance(terms, scene.frame)
    moved = {**terms, "ofa/agree1": agreement["ofa/agree1"] + 0.1, "ofa/agree2": agreement["ofa/agree2"] - 0.1}
    twin = GradientAgreement().double().train()
    for _ in range(2):
        weight = twin(scene.terms["task/kind"], scene.terms["dino/kind"], scene.frame.student.outputs["kind"])
    mean = {name: term.mean() for name, term in terms.items()}
    expected = (
        mean["task/kind"] + 3 * (weight * scene.terms["dino/kind"]).mean() + mean["dino/cosine"] + mean["lidar/kind"]
    )
    expected = expected + mean["relation/distance"] + 1.5 * mean["ofa/stage1"] + 0.5 * 0.5 * mean["ofa/stage2"]
    torch.testing.assert_close(balance(moved, scene.frame), expected)


def test_weights_carry_no_gradient_of_their_own() -> None:
    scene = Scene()
    balance = Agreement("kind", "dino/kind").double().train()
    logits = scene.frame.student.outputs["kind"]
    weight = GradientAgreement().double().train()(scene.terms["task/kind"], scene.terms["dino/kind"], logits)
    only = {name: scene.terms[name] for name in ("task/kind", "dino/kind")}
    found, expected = (
        torch.autograd.grad(loss, scene.student, retain_graph=True)[0]
        for loss in (balance(only, scene.frame), (only["task/kind"] + weight * only["dino/kind"]).mean())
    )
    torch.testing.assert_close(found, expected)


def test_rows_scaled_up_for_the_mean_over_those_kept_give_that_mean() -> None:
    scene = Scene()
    taught = torch.tensor([True, False, True, True, False, True])
    logits = scene.frame.student.outputs["kind"]
    scaled = {"task/kind": scene.terms["task/kind"], "dino/kind": scene.terms["dino/kind"] * taught * B / taught.sum()}
    weight = GradientAgreement().double().train()(scaled["task/kind"], scaled["dino/kind"], logits)
    expected = scaled["task/kind"].mean() + (weight * scene.terms["dino/kind"])[taught].mean()
    torch.testing.assert_close(Agreement("kind", "dino/kind").double().train()(scaled, scene.frame), expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"distilled": "dnio/kind"}, "balance term 'dnio/kind' fits no term"),
        ({"distilled": "dino"}, "expected the name of one term, found the group 'dino'"),
        ({"distilled": "relation/distance"}, "needs a value per sample, but term 'relation/distance' is a scalar"),
        ({"task": "kid"}, "balance term 'task/kid' fits no term"),
        ({"stages": {"dino/cosine": "dino/agree"}}, "balance term 'dino/agree' fits no term"),
        ({"stages": {"dino/stage": "relation/distance"}}, "balance term 'dino/stage' fits no term"),
    ],
)
def test_names_that_do_not_fit_are_one_clear_error(options: dict[str, object], message: str) -> None:
    scene = Scene()
    with pytest.raises(ConfigError, match=message):
        Agreement(**{"task": "kind", "distilled": "dino/kind", **options})(scene.terms, scene.frame)  # type: ignore[arg-type]


def test_a_task_that_the_student_does_not_answer_is_named() -> None:
    scene = Scene()
    blind = replace(scene.frame, student=frame().student)
    with pytest.raises(ConfigError, match="unknown task in the balance 'kind'; known: none"):
        Agreement("kind", "dino/kind")(scene.terms, blind)
    assert isinstance(Agreement("kind", "dino/kind").supervised(), FixedWeights)
