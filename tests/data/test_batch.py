"""Samples side by side: what cannot stand side by side is refused by name."""

import pytest
import torch

from xmodal.data.batch import LONG, Ragged, collate
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


@pytest.mark.parametrize("longest", [3, 3 * LONG])
@pytest.mark.parametrize("fill", [-1, 0])
def test_a_rectangle_holds_the_rows_and_elsewhere_the_fill(longest, fill):
    lengths = [longest, 0, 2]
    rows = torch.arange(2 * sum(lengths)).view(-1, 2)
    out, valid = Ragged(rows, torch.tensor(lengths)).padded(fill)
    assert out.shape == (3, longest, 2)
    assert out.dtype == rows.dtype
    for sample, part in enumerate(rows.split(lengths)):
        assert torch.equal(out[sample, : len(part)], part)
        assert (out[sample, len(part) :] == fill).all()
        assert valid[sample].tolist() == [place < len(part) for place in range(longest)]


@pytest.mark.parametrize("lengths", [[], [0], [0, 0]])
def test_a_rectangle_of_no_rows_has_no_width(lengths):
    out, valid = Ragged(torch.zeros(0, 4), torch.tensor(lengths, dtype=torch.long)).padded()
    assert out.shape == (len(lengths), 0, 4)
    assert valid.shape == (len(lengths), 0)
