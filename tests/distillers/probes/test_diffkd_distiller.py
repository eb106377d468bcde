"""DiffKD as a distiller: the library's losses on carried tokens and answers, and nothing of unpaired ones."""

from types import SimpleNamespace

import pytest
import torch

from distillers.committee.rooms import check_doubles
from xmodal.bus import Embedding, Frame, Pairs, Tokens
from xmodal.data.batch import Batch
from xmodal.distillers import DiffKD
from xmodal.tasks import Classification, Segmentation

B, N, M = 3, 4, 3
TASKS = {"each": Segmentation(("a", "b", "c")), "kind": Classification(("a", "b", "c"))}
MODELS = {"student": SimpleNamespace(token_width=6), "t": SimpleNamespace(token_width=8)}
LINKS = ((0, 1), (1, 0), (3, 1))  # student token, teacher token; student 2 and teacher 2 have no partner


def frame(taught=(True,) * B, change=0.0):
    torch.manual_seed(0)
    tokens, theirs = torch.randn(B, M, 8), torch.randn(B, M, 3)
    tokens[:, 2] += change
    theirs[:, 2] += change
    index = torch.tensor([(b, i, j) for b in range(B) for i, j in LINKS])
    return Frame(
        student=Embedding(
            tokens=Tokens(torch.randn(B, N, 6, requires_grad=True), grid=(2, 2)),
            outputs={
                "each": torch.randn(B, N, 3, requires_grad=True),
                "kind": torch.randn(B, 3, requires_grad=True),
            },
        ),
        batch=Batch(tuple("abc"), {}, torch.arange(B)),
        teachers={
            "t": Embedding(
                tokens=Tokens(tokens.requires_grad_()),
                outputs={"each": theirs.requires_grad_(), "kind": torch.randn(B, 3)},
            )
        },
        pairs={("student", "t"): Pairs(index, torch.ones(len(index)))},
        taught={"t": torch.tensor(taught)},
    )


def built(**options):
    torch.manual_seed(1)
    distiller = DiffKD(teacher="t", **options)
    distiller.connect(MODELS, TASKS)
    return distiller.train()


def terms(distiller, given):
    torch.manual_seed(2)
    return distiller(given)


def test_paired_tokens_and_answers_go_through_the_librarys_losses():
    distiller, given = built(task="each"), frame()
    found = terms(distiller, given)
    teacher = given.teachers["t"]
    own = [given.student.tokens.x[:, [0, 1, 3]], given.student.outputs["each"][:, [0, 1, 3]]]
    theirs = [teacher.tokens.x[:, [1, 0, 1]], teacher.outputs["each"][:, [1, 0, 1]]]
    torch.manual_seed(2)
    feature = distiller.features.terms(own[0], theirs[0])
    answer = distiller.logits.terms(own[1].flatten(0, 1), theirs[1].flatten(0, 1))
    expected = {
        "feature": feature.distance,
        "diffusion": feature.diffusion,
        "reconstruction": feature.reconstruction,
        "output": answer.distance,
        "output_diffusion": answer.diffusion,
    }
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)


@pytest.mark.parametrize("options", [{"task": "each"}, {"what": "map"}, {"task": "kind"}])
def test_the_teacher_and_what_is_not_paired_are_left_alone(options):
    distiller, given = built(**options), frame()
    found = terms(distiller, given)
    other = terms(built(**options), frame(change=5.0))
    for name, value in found.items():
        torch.testing.assert_close(value, other[name])
    sum(found.values()).backward()
    assert given.teachers["t"].tokens.x.grad is None
    assert given.teachers["t"].outputs["each"].grad is None
    assert given.student.tokens.x.grad[:, [0, 1, 3]].any()
    assert not given.student.tokens.x.grad[:, 2].any()


def test_only_the_distances_train_the_student():
    distiller, given = built(task="each"), frame()
    found = terms(distiller, given)
    (found["diffusion"] + found["reconstruction"] + found["output_diffusion"]).backward()
    assert given.student.tokens.x.grad is None or not given.student.tokens.x.grad.any()
    assert given.student.outputs["each"].grad is None or not given.student.outputs["each"].grad.any()


def test_with_fewer_than_two_items_all_is_zero():
    for options in ({"task": "each"}, {"task": "kind"}, {"what": "map"}):
        found = terms(built(**options), frame(taught=(False,) * B))
        assert not any(value.any() for value in found.values())
    assert not any(value.any() for value in terms(built(what="map"), frame(taught=(True, False, False))).values())


def test_a_weight_scales_a_term():
    distiller, given = built(task="each"), frame()
    check_doubles(terms(distiller, given), given.student.tokens.x, given)
