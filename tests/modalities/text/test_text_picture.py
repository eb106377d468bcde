"""The card shows each word or token on a tint of its own."""

import numpy as np
import pytest
import torch

from xmodal.data.sample import Rows, Sample
from xmodal.errors import DataError
from xmodal.modalities.text import TextAdapter
from xmodal.modalities.text.entry import text_entry
from xmodal.modalities.text.picture import MARGIN_PX, MARKED, PAD_PX, TINTS
from xmodal.modalities.text.transforms import Tokenize


def card(text):
    return Sample("s", {"text": text_entry(text)})


def boxes(picture, tint, top=MARGIN_PX):
    """How many boxes of that tint the first line of a card has."""
    colour = np.array([int(tint[i : i + 2], 16) for i in (1, 3, 5)])
    row = (picture[top + PAD_PX // 2] == colour).all(1)
    return int((np.diff(row.astype(int)) == 1).sum())


def test_each_word_has_a_box():
    drawn = TextAdapter.picture(card("one two three"), "text")
    assert drawn.dtype == np.uint8
    assert drawn.shape[1:] == (800, 3)
    assert (boxes(drawn, TINTS[0]), boxes(drawn, TINTS[1])) == (2, 1)
    assert not np.array_equal(drawn, TextAdapter.picture(card("one two four"), "text"))


def test_long_texts_take_more_lines_and_end():
    short, long, endless = (TextAdapter.picture(card("word " * n), "text") for n in (5, 60, 5000))
    assert short.shape[0] < long.shape[0] < endless.shape[0] < 3000


def test_a_word_wider_than_the_card_is_cut():
    drawn = TextAdapter.picture(card("x" * 5000), "text")
    assert drawn.shape[0] == TextAdapter.picture(card("x"), "text").shape[0]
    assert (drawn[4:-4, -MARGIN_PX // 2] == 255).all()


def test_tokens_are_drawn_with_their_text_and_start_and_end_marked():
    ids, _ = Tokenize("bytes")(card("ab ä"))
    drawn = TextAdapter.picture(ids, "text")
    # start, the two halves of a character, end
    assert boxes(drawn, MARKED) == 4
    assert boxes(drawn, TINTS[0]) + boxes(drawn, TINTS[1]) == 3


def test_ids_of_an_unknown_tokenizer_are_drawn_as_numbers():
    drawn = TextAdapter.picture(Sample("s", {"text": Rows(torch.tensor([7, 8]))}), "text")
    assert boxes(drawn, TINTS[0]) == boxes(drawn, TINTS[1]) == 1


def test_other_entries_are_refused():
    with pytest.raises(DataError, match=r"entry 'text' of 's': expected text: Rows"):
        TextAdapter.picture(Sample("s", {"text": torch.zeros(3)}), "text")
