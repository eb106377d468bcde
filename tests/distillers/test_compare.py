"""Any loss on any part of two embeddings: values by hand, masks, labels, pairs."""

import pytest
import torch

from xmodal.adapter import Need
from xmodal.bus import Embedding, Frame, Pairs, Tokens
from xmodal.data.batch import Batch
from xmodal.distillers import Compare
from xmodal.losses import CosineLoss, HintLoss, KDLoss, RKDDistanceLoss
from xmodal.tasks import Classification, Segmentation

B, N, D = 4, 6, 3
KIND = {"kind": Classification(("a", "b", "c")), "each": Segmentation(("a", "b", "c"))}


def frame(taught=None, pairs=None, labels=None):
    torch.manual_seed(3)
    student = Embedding(
        pooled=torch.randn(B, 5),
        tokens=Tokens(torch.randn(B, N, 5), grid=(2, 3), key="a"),
        outputs={"kind": torch.randn(B, 3, requires_grad=True), "each": torch.randn(B, N, 3)},
    )
    projected = Embedding(pooled=torch.randn(B, D), tokens=Tokens(torch.randn(B, N, D), grid=(2, 3), key="a"))
    teacher = Embedding(
        pooled=torch.randn(B, D),
        tokens=Tokens(torch.randn(B, N, D), key="b"),
        outputs={"kind": torch.randn(B, 3, requires_grad=True), "each": torch.randn(B, N, 3)},
    )
    every = torch.cartesian_prod(torch.arange(B), torch.arange(N))
    index = torch.cat([every, every[:, 1:]], 1) if pairs is None else pairs
    return Frame(
        student=student,
        student_as={"teacher": projected},
        teachers={"teacher": teacher},
        batch=Batch(
            tuple(map(str, range(B))),
            {},
            torch.arange(B),
            labels={"kind": torch.tensor([0, 1, -1, 2])},
            labelled={"kind": torch.tensor([True, True, False, True])} if labels is None else labels,
        ),
        pairs={("student", "teacher"): Pairs(index, torch.ones(len(index)))},
        taught={"teacher": torch.ones(B, dtype=torch.bool) if taught is None else taught},
    )


def connected(*args, **more):
    distiller = Compare(*args, **more)
    distiller.connect({}, KIND)
    return distiller


def test_pooled_vectors_are_compared_in_the_teachers_width():
    given = frame()
    found = connected(CosineLoss(reduction="none"))(given)["pooled"]
    a, b = given.student_as["teacher"].pooled, given.teachers["teacher"].pooled
    torch.testing.assert_close(found, 1 - torch.cosine_similarity(a, b))


@pytest.mark.parametrize("what", ["tokens", "map"])
def test_tokens_and_maps_hold_the_same_numbers(what):
    given = frame()
    found = connected(HintLoss(reduction="none"), what=what)(given)[what]
    a, b = given.student_as["teacher"].tokens.x, given.teachers["teacher"].tokens.x
    torch.testing.assert_close(found.mean(), (a - b).square().mean())


def test_tokens_that_see_nothing_count_nothing():
    pairs = torch.tensor([[0, 0, 5], [0, 1, 5], [2, 3, 0]])
    given = frame(pairs=pairs)
    found = connected(HintLoss(reduction="none"), what="tokens")(given)["tokens"]
    a, b = given.student_as["teacher"].tokens.x, given.teachers["teacher"].tokens.x
    first = (a[0, :2] - b[0, 5]).square().mean()
    third = (a[2, 3] - b[2, 0]).square().mean()
    torch.testing.assert_close(found, torch.stack([2 * first, first * 0, 2 * third, first * 0]))


def test_answers_of_pooled_and_of_token_tasks():
    given = frame()
    for task, distiller in (("kind", connected(KDLoss(reduction="none"), what="output", task="kind")),
                            ("each", connected(KDLoss(reduction="none"), what="output", task="each"))):  # fmt: skip
        assert distiller.paired is (task == "each")
        assert distiller.needs()["teacher"] == Need(tokens=task == "each")
        expected = KDLoss()(given.student.outputs[task], given.teachers["teacher"].outputs[task])
        torch.testing.assert_close(distiller(given)["output"].mean(), expected)


def test_samples_without_teacher_or_label_count_nothing_and_the_mean_is_over_the_others():
    class Labelled(torch.nn.Module):
        def forward(self, student, teacher, labels, *, mask):
            assert (labels >= 0).all()
            return torch.nn.functional.cross_entropy(student, labels, reduction="none") * mask

    given = frame(taught=torch.tensor([True, False, True, True]))
    found = connected(Labelled(), what="output", task="kind", labels=True)(given)["output"]
    kept = torch.tensor([0, 3])
    expected = torch.nn.functional.cross_entropy(given.student.outputs["kind"][kept], torch.tensor([0, 2]))
    torch.testing.assert_close(found.mean(), expected)
    assert found[1] == found[2] == 0
    found.sum().backward()
    assert given.teachers["teacher"].outputs["kind"].grad is None


def test_a_loss_without_items_gives_a_scalar_term():
    assert connected(RKDDistanceLoss())(frame())["pooled"].shape == ()


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="unknown what 'layers'"):
        Compare(HintLoss(), what="layers")
    with pytest.raises(ValueError, match="needs the name of a task"):
        Compare(HintLoss(), what="output")
