"""Tokenizers give ids that can be decoded, cut where asked, and agree with open_clip's own."""

import pytest
import torch

from xmodal.errors import ConfigError
from xmodal.modalities.text.tokenizers import ByteTokenizer, make_tokenizer


def test_bytes_are_their_own_ids():
    codes = ByteTokenizer()
    assert codes.encode("ab", 77) == [256, 97, 98, 257]
    assert codes.decode(codes.encode("Gefäß 雪", 77)) == "Gefäß 雪"
    assert max(codes.start, codes.end) == codes.size - 1 == codes.end


def test_a_cut_falls_between_characters():
    codes = ByteTokenizer()
    assert codes.encode("aä", 4) == [256, 97, 257]
    assert codes.encode("aä", 5) == [256, 97, *"ä".encode(), 257]


@pytest.mark.parametrize("text", ["a photo of a dog.", "Two  DOGS &amp; a cat's 12 toys", "Gefäß 雪 🚗", "long " * 100])
def test_clip_ids_are_those_of_open_clip(text):
    open_clip = pytest.importorskip("open_clip")
    codes = make_tokenizer("clip")
    ids = codes.encode(text, 77)
    expected = open_clip.get_tokenizer("ViT-B-32")([text])[0]
    assert torch.equal(torch.tensor(ids), expected[: len(ids)])
    assert not expected[len(ids) :].any()
    assert len(ids) <= 77


def test_clip_knows_its_range_and_decodes_lower_case():
    pytest.importorskip("open_clip")
    codes = make_tokenizer("clip")
    assert (codes.size, codes.start, codes.end) == (49408, 49406, 49407)
    assert codes.decode(codes.encode("A Red car.", 77)) == "a red car ."


def test_an_unknown_tokenizer_is_named():
    with pytest.raises(ConfigError, match="unknown tokenizer 'words'; known: bytes, clip"):
        make_tokenizer("words")
