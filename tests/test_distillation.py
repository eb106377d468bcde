"""The training step: frozen teachers, honest arms, no crosstalk."""

import pytest
import torch
from torch import nn

from contract.toys import TASKS, Patches, batch, gradients
from xmodal.adapter import Model, Need
from xmodal.balance import FixedWeights
from xmodal.distillation import Distillation, other_samples
from xmodal.distillers import Distiller, Privileged, Relational, TokenAlign
from xmodal.errors import ConfigError


class Normed(Patches):
    """Patches with a batch norm, whose buffers change whenever it runs in training mode."""

    def __init__(self, key: str = "image") -> None:
        super().__init__(key)
        self.norm = nn.BatchNorm1d(self.width)

    def forward(self, batch, need):
        embedding = super().forward(batch, need)
        return type(embedding)(pooled=self.norm(embedding.pooled), tokens=embedding.tokens, layers=embedding.layers)


def built(seed: int = 0, weights=None, view=None):
    torch.manual_seed(seed)
    distillers = {
        "soft": Privileged("kind"),
        "relation": Relational(),
        "tokens": TokenAlign(),
    }
    return Distillation(
        Model(Normed(), TASKS),
        TASKS,
        teachers={"teacher": Model(Normed(), TASKS)},
        distillers=distillers,
        balance=FixedWeights(weights),
        **({"view": view} if view else {}),
    )


def train(step: Distillation, steps: int = 4) -> None:
    step.train()
    optimizer = torch.optim.AdamW(step.parameters(), lr=1e-2)
    for _ in range(steps):
        step(batch()).total.backward()
        optimizer.step()
        optimizer.zero_grad()


def test_training_changes_no_bit_of_a_teacher_and_gives_it_no_gradient():
    step = built()
    teacher = step.teachers["teacher"]
    before = {k: v.clone() for k, v in teacher.state_dict().items()}
    train(step)
    assert all(torch.equal(before[k], v) for k, v in teacher.state_dict().items())
    assert all(p.grad is None and not p.requires_grad for p in teacher.parameters())


def test_teachers_stay_in_eval_mode_while_the_student_trains():
    step = built().train()
    assert step.student.training
    assert not any(m.training for m in step.teachers["teacher"].modules())
    step.eval()
    assert not step.student.training


def test_teachers_are_no_part_of_parameters_or_state():
    step = built()
    own = {id(p) for p in step.parameters()}
    assert not own & {id(p) for p in step.teachers["teacher"].parameters()}
    assert not any("teacher" in name and not name.startswith("bus") for name in step.state_dict())


def test_teachers_move_with_the_rest():
    step = built().double()
    assert all(p.dtype == torch.float64 for p in step.teachers["teacher"].parameters())


def test_two_distillations_in_one_process_do_not_influence_each_other():
    alone = built(seed=1)
    torch.manual_seed(5)
    train(alone)
    one, other = built(seed=1), built(seed=2)
    torch.manual_seed(5)
    train(one)
    train(other)
    for a, b in zip(alone.state_dict().values(), one.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_doubling_a_weight_doubles_the_contribution():
    frame_terms = built()(batch()).terms
    base = built(weights={"soft": 0.0})(batch()).total
    once, twice = built(weights={"soft": 1.0})(batch()).total, built(weights={"soft": 2.0})(batch()).total
    torch.testing.assert_close(twice - base, 2 * (once - base))
    torch.testing.assert_close(once - base, frame_terms["soft/kind"].mean())


def test_a_misspelt_weight_is_an_error_that_lists_the_terms():
    with pytest.raises(ConfigError, match=r"'sotf' fits no term; terms: .*soft/kind"):
        built(weights={"sotf": 1.0})(batch())


def test_a_distiller_of_an_unknown_teacher_is_an_error():
    with pytest.raises(ConfigError, match=r"unknown teacher of distiller 'soft' 'lidar'; known: teacher"):
        Distillation(
            Patches(), {}, teachers={"teacher": Patches()}, distillers={"soft": Privileged("x", teacher="lidar")}
        )


def test_terms_are_per_sample_or_scalar_and_finite():
    for name, term in built()(batch()).terms.items():
        assert term.shape in ((6,), ()), name
        assert term.isfinite().all()


def test_the_shuffled_teacher_sees_another_sample_in_every_row():
    first = batch()
    moved = other_samples(first)
    assert sorted(moved.keys) == sorted(first.keys)
    assert all(a != b for a, b in zip(moved.keys, first.keys, strict=True))
    assert torch.equal(moved["image"][1], first["image"][0])


def test_shuffling_changes_the_terms_that_compare_samples_and_not_the_supervised_one():
    straight, shuffled = built().eval()(batch()).terms, built(view=other_samples).eval()(batch()).terms
    assert torch.equal(straight["task/kind"], shuffled["task/kind"])
    assert not torch.allclose(straight["soft/kind"], shuffled["soft/kind"])
    torch.testing.assert_close(straight["relation/distance"] * 0, shuffled["relation/distance"] * 0)


def test_a_batch_without_labels_still_trains_on_its_pairs():
    from dataclasses import replace

    bare = replace(batch(), labels={}, labelled={})
    step = built().train()
    losses = step(bare)
    assert losses.terms["task/kind"].item() == 0
    losses.total.backward()
    assert gradients(step.student)


def test_models_compute_only_what_distillers_declared():
    asked = {}

    class Spy(Patches):
        def forward(self, batch, need):
            asked[self.key] = need
            return super().forward(batch, need)

    class Deep(Distiller):
        def needs(self):
            return {self.teacher: Need(layers=True)}

        def forward(self, frame):
            return {"none": frame.student.pooled.sum(1) * 0}

    Distillation(Spy(), {}, teachers={"t": Spy("depth")}, distillers={"deep": Deep("t")})(batch())
    assert asked == {"image": Need(), "depth": Need(layers=True)}


def test_samples_without_the_teachers_sensor_take_no_part_in_its_terms():
    from dataclasses import replace

    whole = batch()
    present = {"image": torch.tensor([True, True, True, False, True, False])}
    step = built().eval()
    missing = step(replace(whole, present=present)).terms
    kept = step(whole.rows(torch.tensor([0, 1, 2, 4]))).terms
    assert missing["soft/kind"][[3, 5]].tolist() == [0.0, 0.0]
    torch.testing.assert_close(missing["soft/kind"].mean(), kept["soft/kind"].mean())
    torch.testing.assert_close(missing["relation/distance"], kept["relation/distance"])


def test_a_model_is_fed_no_labels():
    fed = batch().only(("image",))
    assert not fed.labels
    assert not fed.labelled
    assert list(fed.entries) == ["image"]
