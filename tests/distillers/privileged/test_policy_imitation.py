"""Imitation of actions and alignment of latents, with one sample of each trajectory in the contrast."""

import torch

from xmodal.bus import Embedding, Frame
from xmodal.data.batch import Batch
from xmodal.distillers import PolicyImitation

B, D = 6, 4


def frame(taught=None):
    torch.manual_seed(0)
    return Frame(
        student=Embedding(outputs={"speed": torch.randn(B, requires_grad=True)}),
        student_as={"teacher": Embedding(pooled=torch.randn(B, D, requires_grad=True))},
        teachers={
            "teacher": Embedding(
                pooled=torch.randn(B, D, requires_grad=True), outputs={"speed": torch.randn(B, requires_grad=True)}
            )
        },
        batch=Batch(
            tuple(map(str, range(B))), {"drive": torch.tensor([[7], [7], [2], [7], [2], [5]])}, torch.arange(B)
        ),
        taught={"teacher": torch.ones(B, dtype=torch.bool) if taught is None else taught},
    )


def latent(given, rows):
    student = torch.nn.functional.normalize(given.student_as["teacher"].pooled[rows], dim=1)
    teacher = torch.nn.functional.normalize(given.teachers["teacher"].pooled[rows], dim=1)
    return torch.nn.functional.cross_entropy(student @ teacher.T / 0.1, torch.arange(len(rows)), reduction="none")


def test_actions_are_squared_errors_and_latents_find_their_own():
    given = frame()
    found = PolicyImitation("speed", beta=1e3, temperature=0.1)(given)
    error = given.student.outputs["speed"] - given.teachers["teacher"].outputs["speed"]
    torch.testing.assert_close(found["actions"], error.square() / 2e3)
    torch.testing.assert_close(found["latent"], latent(given, list(range(B))))


def test_samples_of_one_trajectory_are_no_negatives_of_each_other():
    given = frame()
    found = PolicyImitation("speed", temperature=0.1, trajectory="drive")(given)["latent"]
    torch.testing.assert_close(found[[0, 2, 5]], 2 * latent(given, [0, 2, 5]))
    assert found[[1, 3, 4]].abs().sum() == 0


def test_the_first_taught_sample_stands_for_its_trajectory():
    taught = torch.tensor([False, True, True, True, True, False])
    given = frame(taught)
    found = PolicyImitation("speed", temperature=0.1, trajectory="drive")(given)
    torch.testing.assert_close(found["latent"][[1, 2]], 3 * latent(given, [1, 2]))
    assert found["latent"][[0, 3, 4, 5]].abs().sum() == 0
    assert found["actions"][~taught].abs().sum() == 0


def test_the_expert_gets_no_gradient():
    given = frame()
    sum(term.mean() for term in PolicyImitation("speed", trajectory="drive")(given).values()).backward()
    assert given.student.outputs["speed"].grad.any()
    assert given.student_as["teacher"].pooled.grad.any()
    expert = given.teachers["teacher"]
    assert expert.pooled.grad is None
    assert expert.outputs["speed"].grad is None
