"""LRC's activations: each layer through its own low-rank map, place by place or as means."""

from types import SimpleNamespace

import pytest
import torch

from distillers.committee.rooms import check_doubles
from xmodal.bus import Embedding, Frame, Tokens
from xmodal.data.batch import Batch
from xmodal.distillers import ActivationClone

B = 4
MODELS = {"student": SimpleNamespace(layer_widths=(3, 5)), "t": SimpleNamespace(layer_widths=(6, 7))}


def frame(taught=(True,) * B, grid=(2, 2)):
    torch.manual_seed(0)

    valid = torch.tensor([True, True, True, False]).expand(B, 4)

    def layers(widths, grids):
        each = zip(widths, grids, strict=True)
        return tuple(Tokens(torch.randn(B, 4, w, requires_grad=True), grid=g, valid=valid) for w, g in each)

    return Frame(
        student=Embedding(layers=layers((3, 5), ((2, 2), (2, 2)))),
        batch=Batch(tuple("abcd"), {}, torch.arange(B)),
        teachers={"t": Embedding(layers=layers((6, 7), ((2, 2), grid)))},
        taught={"t": torch.tensor(taught)},
    )


def built(**options):
    torch.manual_seed(1)
    distiller = ActivationClone(teacher="t", **options)
    distiller.connect(MODELS, {})
    return distiller


def mapped(distiller, n, x):
    down, up = distiller.maps[n]
    return x @ down.weight.T @ up.weight.T + up.bias


def test_each_layer_is_compared_over_its_valid_places():
    distiller, given = built(rank=2), frame()
    found = distiller(given)
    assert list(found) == ["layer0", "layer1"]
    for n in range(2):
        own, theirs = given.student.layers[n].x[:, :3], given.teachers["t"].layers[n].x[:, :3]
        expected = (mapped(distiller, n, own) - theirs).square().mean((1, 2))
        torch.testing.assert_close(found[f"layer{n}"], expected)
    assert distiller.maps[1][0].weight.shape == (2, 5)


def test_means_can_be_cloned_where_sensors_are_not_registered():
    distiller, given = built(level="pooled", layers=[(1, 0)]), frame(grid=None)
    own, theirs = given.student.layers[1].x[:, :3].mean(1), given.teachers["t"].layers[0].x[:, :3].mean(1)
    expected = (mapped(distiller, 0, own) - theirs).square().mean(1)
    torch.testing.assert_close(distiller(given)["layer0"], expected)


def test_the_teacher_is_left_alone_and_the_maps_learn():
    distiller, given = built(), frame()
    sum(term.sum() for term in distiller(given).values()).backward()
    assert all(layer.x.grad is None for layer in given.teachers["t"].layers)
    assert all(layer.x.grad.any() for layer in given.student.layers)
    assert all(p.grad.any() for p in distiller.parameters())


@pytest.mark.parametrize("level", ["tokens", "pooled"])
def test_untaught_samples_count_nothing(level):
    distiller = built(level=level)
    taught = torch.tensor([True, False, True, True])
    whole, few = distiller(frame()), distiller(frame(taught.tolist()))
    for name, value in few.items():
        assert value[1] == 0
        torch.testing.assert_close(value.mean(), whole[name][taught].mean())


def test_a_student_that_gives_the_teachers_layers_costs_nothing():
    distiller, given = built(), frame()
    with torch.no_grad():
        for n in range(2):
            given.teachers["t"].layers[n].x.copy_(distiller.maps[n](given.student.layers[n].x))
    assert not any(term.any() for term in distiller(given).values())


def test_a_weight_scales_a_term():
    distiller, given = built(), frame()
    check_doubles(distiller(given), given.student.layers[0].x, given)


def test_layers_that_do_not_fit_are_told():
    with pytest.raises(ValueError, match="layers on one grid"):
        built()(frame(grid=(4, 1)))
    distiller = ActivationClone(teacher="t")
    with pytest.raises(ValueError, match="name pairs, as the student has 2 layers"):
        distiller.connect({**MODELS, "t": SimpleNamespace(layer_widths=(6,))}, {})
