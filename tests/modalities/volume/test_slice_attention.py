"""Slices attend to slices: the contract, which scan asks, and weights that a student takes over by name."""

import pytest
import torch

from xmodal.adapter import Model, Need
from xmodal.data.batch import Batch
from xmodal.engine.models import begin_with
from xmodal.errors import ConfigError
from xmodal.modalities.volume import CrossModalAttention, SliceAttention, SliceEncoder, VolumeConv
from xmodal.tasks import Classification
from xmodal.testing import check_adapter

ALL = Need(pooled=True, tokens=True)


def batch(size=3):
    torch.manual_seed(5)
    entries = {key: torch.randn(size, 1, 8, 10, 12) for key in ("volume/pet", "volume/mri")}
    return Batch(tuple(map(str, range(size))), entries, torch.arange(size))


def attention(query="volume/pet"):
    torch.manual_seed(0)
    encoder = SliceEncoder(None, key="volume/mri", plane="sagittal", every=3, widths=(4, 8))
    return SliceAttention(encoder, query=query, key="volume/mri", width=16)


def test_contract():
    check_adapter(SliceAttention())
    check_adapter(attention(), batch())
    check_adapter(SliceEncoder(None, widths=(4, 8)))


def test_pet_asks_mri_in_the_teacher_and_mri_asks_itself_in_the_student():
    teacher, student, given = attention().eval(), attention("volume/mri").eval(), batch()
    assert (teacher.inputs, student.inputs) == (("volume/pet", "volume/mri"), ("volume/mri",))

    def slices(entry):
        shown = Batch(given.keys, {"volume/mri": given.entries[entry]}, given.index)
        return teacher.project(teacher.encoder(shown, ALL).tokens.x)

    pet, mri = slices("volume/pet"), slices("volume/mri")
    found = teacher(given, ALL)
    torch.testing.assert_close(found.pooled, teacher.cross_attn(pet, mri))
    torch.testing.assert_close(found.parts["query"].pooled, teacher.self_attn(pet, pet))
    torch.testing.assert_close(found.parts["negative"].pooled, teacher.self_attn(pet, pet))
    torch.testing.assert_close(found.tokens.x, mri)
    assert (found.tokens.key, found.tokens.grid) == ("volume/mri", (4,))
    student.load_state_dict({k: v for k, v in teacher.state_dict().items() if not k.startswith("cross_attn")})
    own = student(given, ALL)
    torch.testing.assert_close(own.pooled, teacher.self_attn(mri, mri))
    assert not own.parts


def test_a_student_begins_with_the_teachers_weights():
    tasks = {"k": Classification(("no", "yes"))}
    teacher, student = Model(attention(), tasks), Model(attention("volume/mri"), tasks)
    for p in teacher.parameters():
        torch.nn.init.normal_(p)
    begin_with(student, teacher.state_dict(), "distilled")
    theirs = teacher.state_dict()
    assert all(torch.equal(value, theirs[name]) for name, value in student.state_dict().items())


def test_a_constant_question_averages_over_what_answers():
    module = CrossModalAttention(8, heads=2).eval()
    key = torch.randn(2, 5, 8)
    order = torch.randperm(5)
    torch.testing.assert_close(module(key[:, :1], key), module(key[:, :1], key[:, order]))
    torch.testing.assert_close(module(key, key), module(key[:, order], key[:, order]))


def test_mistakes_are_named():
    with pytest.raises(ConfigError, match="with tokens that reads 'volume/mri'"):
        SliceAttention(VolumeConv("volume/pet"), query="volume/pet", key="volume/mri")
    with pytest.raises(ConfigError, match="a divisor of the width 8, found 3"):
        CrossModalAttention(8, heads=3)
