"""CLIP-RD: its relations by hand; the vertical one pulls images towards texts and leaves the texts alone."""

import math

import torch

from distillers.committee.rooms import check_doubles
from distillers.relational.towers import (
    check_like_without,
    check_only_the_student_learns,
    connected,
    find,
    frame,
    kl,
    units,
)
from xmodal.distillers import CLIPRD

RAW = math.log(1 / 0.07)


def built():
    return connected(CLIPRD(teacher="clip", text="text"))


def test_relations_inside_a_sensor_and_across_are_the_published_ones():
    distiller, given = built(), frame()
    terms = distiller(given)
    image, text, their_image, their_text = units(distiller, given)
    images, texts = RAW * their_image @ image.T, RAW * their_text @ text.T
    torch.testing.assert_close(terms["vrd"], (kl(images, texts) + kl(images.T, texts.T)) / 2)
    torch.testing.assert_close(terms["vrd_image"], (find(images) + find(images.T)) / 2)
    torch.testing.assert_close(terms["vrd_text"], (find(texts) + find(texts.T)) / 2)
    c1, c2, c3, c4 = (
        RAW * a @ b.T for a, b in ((their_image, text), (their_text, image), (image, their_text), (text, their_image))
    )
    torch.testing.assert_close(terms["xrd"], (kl(c1, c2) + kl(c2, c1) + kl(c4, c3) + kl(c3, c4)) / 4)


def test_the_vertical_relation_trains_the_image_side_only():
    distiller, given = built(), frame()
    distiller(given)["vrd"].backward()
    assert given.student.pooled.grad.any()
    assert given.peers["text"].pooled.grad is None or not given.peers["text"].pooled.grad.any()
    grad = distiller.losses.text_logit_scale.grad
    assert grad is None or not grad.any()


def test_the_teacher_stays_as_it_is_and_all_else_learns():
    check_only_the_student_learns(built(), frame())


def test_samples_that_are_not_taught_are_not_there():
    check_like_without(built(), torch.tensor([True, True, True, False, True, False]))


def test_a_weight_scales_a_term():
    distiller, given = built(), frame()
    check_doubles(distiller(given), given.student.pooled, given)
