"""Teachers that are compiled, or parked in the host's memory, say what they say as they are."""

import pytest
import torch

from xmodal.adapter import Model, Need
from xmodal.engine.frozen import Compiled, Parked
from xmodal.errors import ConfigError
from xmodal.modalities.image import TimmImage
from xmodal.tasks import Classification

NEED = Need(pooled=True, tokens=True)


def teacher() -> Model:
    torch.manual_seed(0)
    return Model(TimmImage(backbone="test_resnet"), {"kind": Classification(("a", "b"))}).eval()


def same(a, b, **tolerance):
    torch.testing.assert_close(a.pooled, b.pooled, **tolerance)
    torch.testing.assert_close(a.tokens.x, b.tokens.x, **tolerance)
    torch.testing.assert_close(a.outputs["kind"], b.outputs["kind"], **tolerance)


def test_a_parked_teacher_says_the_same_and_lies_where_it_lay():
    plain, batch = teacher(), TimmImage.example(3)
    parked = Parked(teacher(), torch.device("cpu"))
    before = [tensor.data_ptr() for tensor, _ in parked.host]
    with torch.no_grad():
        same(parked(batch, NEED), plain(batch, NEED), rtol=0, atol=0)
    assert [tensor.data_ptr() for tensor, _ in parked.host] == before
    assert (parked.inputs, parked.width) == (plain.inputs, plain.width)


def test_a_parked_teacher_is_not_moved_along():
    parked = Parked(teacher(), torch.device("cpu"))
    assert next(parked.to(torch.float64).teacher.parameters()).dtype == torch.float32


def test_a_parked_teacher_cannot_serve_a_switch():
    with pytest.raises(ConfigError, match="a switch distiller needs its teacher again in backward"):
        Parked(teacher(), torch.device("cpu")).upper(TimmImage.example(1), torch.zeros(1, 1, 1), None, 0, None)


@pytest.mark.gpu
def test_a_parked_teacher_leaves_the_gpu():
    device = torch.device("cuda")
    parked, batch = Parked(teacher(), device), TimmImage.example(3).to(device)
    start = torch.cuda.memory_allocated()
    with torch.no_grad():
        answer = parked(batch, NEED)
    del answer
    assert torch.cuda.memory_allocated() == start


@pytest.mark.slow
def test_a_compiled_teacher_says_the_same():
    plain, batch = teacher(), TimmImage.example(3)
    with torch.no_grad():
        same(Compiled(teacher())(batch, NEED), plain(batch, NEED), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("setting", "error"),
    [
        ("teacher_memory=disk", "teacher_memory: expected 'device' or 'parked', found 'disk'"),
        ("compile_teachers=1", "compile_teachers: expected True or False, found 1"),
    ],
)
def test_other_ways_are_told(make_run, setting, error):
    with pytest.raises(ConfigError, match=error):
        make_run("wrong", setting)


def test_a_run_parks_the_teachers_that_stay_live(make_run):
    flip = "teachers.teacher={'type': 'lidar', 'width': 16, 'depth': 2}"
    run = make_run("parked", "teacher_memory=parked", "arms=('distilled',)", flip)
    run.train()
    plain = make_run("plain", "arms=('distilled',)", flip)
    plain.train()
    assert run.outcomes.keys() == plain.outcomes.keys()
    for key, answers in run.outcomes.items():
        assert torch.equal(answers["kind"].answer, plain.outcomes[key]["kind"].answer)
