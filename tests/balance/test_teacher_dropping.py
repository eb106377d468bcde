"""UNIC's rule: the worst teacher stays, the others stay by chance, and the total runs over samples and teachers."""

import numpy as np
import pytest
import torch

from balance.frames import B, Scene, frame
from xmodal.balance import FixedWeights, Stages, TeacherDropping
from xmodal.errors import ConfigError

NAMES = ("dino", "clip", "lidar")


def terms(seed: int = 1) -> dict[str, torch.Tensor]:
    make = torch.Generator().manual_seed(seed)
    drawn = {f"{name}/x": torch.rand(B, generator=make, dtype=torch.float64) for name in NAMES}
    return {"task/kind": torch.rand(B, generator=make, dtype=torch.float64), **drawn}


def scene_of(values: dict[str, torch.Tensor], **taught: torch.Tensor):
    everywhere = torch.ones(B, dtype=torch.bool)
    return values, frame(
        teachers={}, outputs={"": values["task/kind"]}, taught={**dict.fromkeys(NAMES, everywhere), **taught}
    )


def rule(**options: object) -> TeacherDropping:
    return TeacherDropping({name: (name,) for name in NAMES}, **options).train()  # type: ignore[arg-type]


def slow(values: np.ndarray, taught: np.ndarray, drawn: np.ndarray, probability: float) -> float:
    """[T, B] losses, as they stand before any rescaling."""
    total = count = 0.0
    for b in range(values.shape[1]):
        here = [t for t in range(len(values)) if taught[t, b]]
        worst = max(here, key=lambda t: values[t, b], default=-1)
        for t in here:
            if t == worst or drawn[b, t] >= probability:
                total, count = total + values[t, b], count + 1
    return total / max(count, 1)


@pytest.mark.parametrize("probability", [0.0, 0.3, 0.5, 1.0])
def test_it_is_the_slow_formula(probability: float) -> None:
    values, here = scene_of(terms())
    drawn = torch.rand(B, 3)
    loss = rule(probability=probability, draw=lambda droppable: drawn)(values, here)
    stacked = np.stack([values[f"{name}/x"].numpy() for name in NAMES])
    expected = slow(stacked, np.ones((3, B), dtype=bool), drawn.numpy(), probability)
    assert loss.item() == pytest.approx(expected + values["task/kind"].mean().item(), rel=1e-12)


def test_without_dropping_it_is_the_mean_over_samples_and_teachers() -> None:
    values, here = scene_of(terms())
    mean = torch.stack([values[f"{name}/x"] for name in NAMES]).mean()
    torch.testing.assert_close(rule(probability=0.0)(values, here), mean + values["task/kind"].mean())


def test_with_certain_dropping_only_the_worst_teacher_of_each_sample_counts() -> None:
    values, here = scene_of(terms())
    worst = torch.stack([values[f"{name}/x"] for name in NAMES]).amax(0).mean()
    torch.testing.assert_close(rule(probability=1.0)(values, here), worst + values["task/kind"].mean())


def test_a_teacher_takes_no_part_where_its_inputs_are_missing() -> None:
    taught = torch.tensor([True, True, False, True, False, True])
    values = terms()
    raw = values["lidar/x"] * taught + 0.0
    raw[2] = 0.0
    scaled = {**values, "lidar/x": raw * taught * B / taught.sum()}  # as over_rows hands it over
    scaled, here = scene_of(scaled, lidar=taught)
    drawn = torch.rand(B, 3)
    stacked = np.stack([values["dino/x"].numpy(), values["clip/x"].numpy(), raw.numpy()])
    mask = np.stack([np.ones(B, dtype=bool), np.ones(B, dtype=bool), taught.numpy()])
    for probability in (0.0, 0.5, 1.0):
        loss = rule(probability=probability, draw=lambda droppable: drawn)(scaled, here)
        expected = slow(stacked, mask, drawn.numpy(), probability) + values["task/kind"].mean().item()
        assert loss.item() == pytest.approx(expected, rel=1e-12)


def test_a_batch_that_no_teacher_can_read_leaves_the_supervised_terms() -> None:
    nowhere = torch.zeros(B, dtype=torch.bool)
    values = {name: term if name == "task/kind" else term * 0 for name, term in terms().items()}
    values, here = scene_of(values, **dict.fromkeys(NAMES, nowhere))
    torch.testing.assert_close(rule()(values, here), values["task/kind"].mean())


def test_a_teacher_may_have_several_terms_and_their_weights_decide_who_is_worst() -> None:
    values = {
        "a_cls/x": torch.ones(B),
        "a_patch/x": torch.ones(B),
        "b/x": torch.full((B,), 1.5),
        "task/k": torch.zeros(B),
    }
    everywhere = torch.ones(B, dtype=torch.bool)
    here = frame(outputs={"": values["b/x"]}, taught={"a": everywhere, "b": everywhere})
    teachers = {"a": ("a_cls", "a_patch"), "b": ("b",)}
    assert TeacherDropping(teachers, probability=1.0)(values, here) == 2.0
    halves = {"a_cls": 0.5, "a_patch": 0.5}
    assert TeacherDropping(teachers, probability=1.0, weights=halves)(values, here) == 1.5
    assert TeacherDropping(teachers, probability=0.0, weights=halves)(values, here) == 1.25


def test_a_sample_that_keeps_more_teachers_weighs_more() -> None:
    """As in the released code, whose comment says otherwise."""
    values = {"a/x": torch.tensor([4.0, 1.0]), "b/x": torch.tensor([2.0, 0.5]), "task/k": torch.zeros(2)}
    everywhere = torch.ones(2, dtype=torch.bool)
    here = frame(outputs={"": values["a/x"]}, taught={"a": everywhere, "b": everywhere})
    drawn = torch.tensor([[0.0, 0.9], [0.0, 0.1]])
    balance = TeacherDropping({"a": ("a",), "b": ("b",)}, probability=0.5, draw=lambda droppable: drawn)
    torch.testing.assert_close(balance(values, here), torch.tensor((4.0 + 2.0 + 1.0) / 3))


def test_only_those_that_are_not_the_worst_are_drawn_for() -> None:
    asked: list[torch.Tensor] = []

    def draw(droppable: torch.Tensor) -> torch.Tensor:
        asked.append(droppable)
        return torch.ones(droppable.shape)

    values, here = scene_of(terms())
    rule(draw=draw)(values, here)
    stacked = torch.stack([values[f"{name}/x"] for name in NAMES], dim=1)
    assert torch.equal(asked[0], stacked < stacked.amax(1, keepdim=True))


def test_dropped_losses_get_no_gradient_and_the_choice_none_either() -> None:
    values = {name: term.requires_grad_() for name, term in terms().items()}
    values, here = scene_of(values)
    rule(probability=1.0)(values, here).backward()
    stacked = torch.stack([values[f"{name}/x"] for name in NAMES])
    grads = torch.stack([values[f"{name}/x"].grad for name in NAMES])
    torch.testing.assert_close(grads, (stacked == stacked.amax(0)).double() / B)


def test_the_default_draw_repeats_with_torchs_random_state_and_the_probability_may_follow_a_schedule() -> None:
    scene = Scene()
    balance = TeacherDropping(
        {"dino": ("dino",), "lidar": ("lidar",)}, probability=Stages(((0.0, 0.0), (0.5, 0.9)))
    ).train()
    full = balance(scene.terms, scene.frame)
    assert torch.equal(balance(scene.terms, scene.frame), full)
    later = Scene(progress=0.6)
    torch.manual_seed(3)
    first = balance(later.terms, later.frame)
    torch.manual_seed(3)
    assert torch.equal(balance(later.terms, later.frame), first)
    assert not torch.equal(first, full)


@pytest.mark.parametrize(
    ("teachers", "message"),
    [
        ({"dino": ("dnio",), "lidar": ("lidar",)}, "balance term 'dnio' fits no term; terms: dino/cosine"),
        (
            {"dino": ("dino",), "lidar": ("lidar", "dino/kind")},
            "term 'dino/kind' is named twice, in 'dino' and in 'lidar'",
        ),
        (
            {"dino": ("dino",), "sonar": ("lidar",)},
            "unknown teacher in the balance's teachers 'sonar'; known: dino, lidar",
        ),
        ({"dino": ("relation",)}, "needs a value per sample, but term 'relation/distance' is a scalar"),
    ],
)
def test_names_that_do_not_fit_are_one_clear_error(teachers: dict[str, tuple[str, ...]], message: str) -> None:
    scene = Scene()
    with pytest.raises(ConfigError, match=message):
        TeacherDropping(teachers)(scene.terms, scene.frame)


def test_what_makes_no_committee_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match=r"teachers\.dino: expected several names of terms such as"):
        TeacherDropping({"dino": "dino"})
    with pytest.raises(ConfigError, match="teachers: expected several names"):
        TeacherDropping({})
    assert isinstance(rule().supervised(), FixedWeights)
