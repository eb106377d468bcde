"""CLIP-KD: each term by hand, on the student's image, its text tower and both towers of the teacher."""

import math

import pytest
import torch

from distillers.committee.rooms import check_doubles
from distillers.relational.towers import (
    B,
    check_like_without,
    check_only_the_student_learns,
    connected,
    find,
    frame,
    kl,
    units,
)
from xmodal.bus import Embedding
from xmodal.distillers import CLIPKD
from xmodal.errors import ConfigError


def built(**options):
    return connected(CLIPKD(teacher="clip", text="text", **options))


def test_every_term_is_the_published_one():
    distiller, given = built(), frame()
    terms = distiller(given)
    image, text, their_image, their_text = units(distiller, given)
    own, theirs = image @ text.T / 0.07, 7 * their_image @ their_text.T
    raw = math.log(1 / 0.07)
    expected = {
        "task": (find(own) + find(own.T)) / 2,
        "crd": (kl(own, theirs) + kl(own.T, theirs.T)) / 2,
        "fd": (image - their_image).square().mean() + (text - their_text).square().mean(),
        "icl": (find(raw * image @ their_text.T) + find(raw * text @ their_image.T)) / 2,
    }
    assert terms.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(terms[name], value)


def test_the_teacher_stays_as_it_is_and_all_else_learns():
    check_only_the_student_learns(built(), frame())


def test_samples_that_are_not_taught_are_not_there():
    check_like_without(built(), torch.tensor([True, False, True, True, True, False]))


def test_a_weight_scales_a_term():
    distiller, given = built(terms=("task", "crd", "fd", "icl", "cross_kd", "gd")), frame()
    check_doubles(distiller(given), given.student.pooled, given)


def test_a_student_of_another_width_gets_maps_for_some_terms():
    distiller = built(width=8, terms=("task", "fd"))
    assert distiller.image_head.weight.shape == (8, 5)
    assert distiller.losses.visual_proj.weight.shape == (4, 8)
    assert distiller(frame())["fd"] > 0


def test_the_students_scale_stays_below_a_hundred():
    distiller = built()
    with torch.no_grad():
        distiller.logit_scale.fill_(9.0)
    distiller(frame())
    assert distiller.logit_scale.exp().item() == pytest.approx(100)


def test_a_teacher_without_towers_is_told():
    given = frame()
    given.teachers["clip"] = Embedding(pooled=torch.zeros(B, 4))
    with pytest.raises(ConfigError, match="part of 'clip'"):
        built()(given)
