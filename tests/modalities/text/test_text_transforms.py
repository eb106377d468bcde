"""Transforms of text replay exactly, leave the sample alone, and refuse the wrong order."""

import json

import pytest
import torch

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import Compose
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.text.entry import text_entry, text_of
from xmodal.modalities.text.transforms import RandomCaption, TokenDropout, Tokenize

CAPTIONS = ("a red car", "ein rotes Auto", "une voiture rouge")


def sample(captions=CAPTIONS):
    return Sample("s", {"text": text_entry(CAPTIONS[0])}, meta={"captions": {"text": captions}})


def same(a, b):
    return torch.equal(a.entries["text"].values, b.entries["text"].values)


@pytest.mark.parametrize(
    "transform",
    [
        RandomCaption(),
        Tokenize("bytes", 20),
        Compose([RandomCaption(), Tokenize("bytes", 20), TokenDropout(0.5)]),
    ],
    ids=["caption", "tokenize", "all"],
)
def test_a_replay_is_exact_and_the_sample_stays(transform):
    given = sample()
    before = given.entries["text"].values.clone()
    out, params = transform(given)
    again, replayed = transform(given, json.loads(json.dumps(params)))
    assert same(out, again)
    assert replayed == params
    assert torch.equal(given.entries["text"].values, before)
    assert given.meta.keys() == {"captions"}


def test_every_caption_is_chosen_about_as_often():
    generator = torch.Generator().manual_seed(0)
    drawn = [text_of(RandomCaption()(sample(), None, generator)[0].entries["text"].values) for _ in range(300)]
    for caption in CAPTIONS:
        assert 70 < drawn.count(caption) < 130


def test_tokenize_gives_ids_and_says_whose():
    out, _ = Tokenize("bytes", 6)(sample())
    assert out.entries["text"].values.tolist() == [256, *b"a re", 257]
    assert out.entries["text"].values.dtype == torch.int64
    assert out.meta["tokenizers"] == {"text": "bytes"}


def test_token_dropout_keeps_start_and_end_and_the_order():
    ids = torch.arange(1000)
    out, _ = TokenDropout(0.3)(Sample("s", {"text": Rows(ids)}))
    kept = out.entries["text"].values
    assert 620 < len(kept) < 780
    assert kept[0] == 0
    assert kept[-1] == 999
    assert (kept.diff() > 0).all()


def test_a_sample_without_text_passes():
    empty = Sample("s", {})
    for transform in (RandomCaption(), Tokenize(), TokenDropout()):
        assert transform(empty) == (empty, {})


def test_wrong_orders_and_params_are_named():
    ids, _ = Tokenize()(sample())
    with pytest.raises(DataError, match="found token ids: move Tokenize behind"):
        RandomCaption()(ids)
    with pytest.raises(DataError, match="put Tokenize before TokenDropout"):
        TokenDropout()(sample())
    with pytest.raises(DataError, match=r"entry 'text' of 's': expected text as UTF-8 bytes"):
        Tokenize()(ids)
    with pytest.raises(DataError, match="a caption from 0 to 2, found 3"):
        RandomCaption()(sample(), {"caption": 3})
    with pytest.raises(DataError, match=r"meta\['captions'\]\['text'\] of 's': expected at least one caption"):
        RandomCaption()(sample(captions=()))
    with pytest.raises(ConfigError, match="0 <= fraction < 1"):
        TokenDropout(1.0)
    with pytest.raises(ConfigError, match="context of 3 or more"):
        Tokenize("bytes", 2)
