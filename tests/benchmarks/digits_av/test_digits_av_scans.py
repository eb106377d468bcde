"""The digits come from scikit-learn, and nothing else is taken for them."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import sklearn.datasets

from xmodal.benchmarks.digits_av.scans import PARTS, load_scans
from xmodal.errors import DataError, XmodalError


def test_ink_lies_between_0_and_1():
    scans = load_scans()
    assert scans.ink.shape == (1797, 8, 8)
    assert (scans.ink.min(), scans.ink.max()) == (0, 1)


def test_parts_begin_where_a_form_begins():
    digit = load_scans().digit
    for start, _ in PARTS.values():
        assert digit[start : start + 30].tolist() == [*range(10)] * 3


def test_a_missing_scikit_learn_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(XmodalError, match=r"scikit-learn: pip install 'xmodal\[digits\]'"):
        load_scans()


@pytest.mark.parametrize(
    ("images", "match"),
    [(np.zeros((10, 8, 8)), r"found \(10, 8, 8\)"), (np.full((1797, 8, 8), 17.0), "0 to 16"), (None, "a form")],
)
def test_other_images_are_refused(monkeypatch, images, match):
    honest = sklearn.datasets.load_digits()
    images = honest.images if images is None else images
    other = SimpleNamespace(images=images, target=np.roll(honest.target, 1))
    monkeypatch.setattr(sklearn.datasets, "load_digits", lambda: other)
    with pytest.raises(DataError, match=match):
        load_scans()
