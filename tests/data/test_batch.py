"""Samples side by side: what cannot stand side by side is refused by name."""

import pytest
import torch

from xmodal.data.batch import collate
from xmodal.data.sample import Rows, Sample
from xmodal.errors import DataError


def test_ragged_entries_of_two_dtypes_are_refused():
    text, ids = Rows(torch.tensor([104, 105], dtype=torch.uint8)), Rows(torch.tensor([7]))
    with pytest.raises(DataError, match=r"entry 'text': expected one dtype .*, found torch.int64, torch.uint8"):
        collate([Sample("a", {"text": text}), Sample("b", {"text": ids})])


def test_an_entry_that_a_sample_lacks_takes_the_others_dtype():
    batch = collate([Sample("a", {"text": Rows(torch.tensor([7]))}), Sample("b", {"x": torch.zeros(1)})])
    assert batch.ragged("text").lengths.tolist() == [1, 0]
    assert batch.ragged("text").values.dtype == torch.int64
