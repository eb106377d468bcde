"""Fixtures of the tests of tars."""

import pytest
from tar_making import TEST, TRAIN, pack


@pytest.fixture
def root(tmp_path):
    """The training samples in two tars, the test samples in one."""
    pack(tmp_path / "train-0.tar", TRAIN[:5])
    pack(tmp_path / "train-1.tar", TRAIN[5:])
    pack(tmp_path / "test.tar", TEST)
    return tmp_path
