"""What every text adapter shares: how text is read, tokenized, checked and drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding
from xmodal.data.batch import Batch, Ragged
from xmodal.data.sample import Rows, Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.text.entry import batch_of_texts, is_raw, texts_of
from xmodal.modalities.text.read import read_text
from xmodal.modalities.text.tokenizers import Tokenizer

_EXAMPLES = ("a red car", "two people on a bridge", "ein Gefäß aus Ton", "snow", "the road ahead is wet and empty")


@dataclass(frozen=True, slots=True)
class Ids:
    """Token ids in a rectangle. values: [B, N] long, 0 where there is none; valid: [B, N] bool."""

    values: Tensor
    valid: Tensor


def padded_ids(batch: Batch, key: str, tokenizer: Tokenizer, context: int) -> Ids:
    """The ids of the text entry `key`, on its device; text that is still a string is tokenized here.

    Raises:
        DataError: the entry is no text, has more than `context` ids, or ids that the tokenizer does not have.
    """
    ragged = batch.ragged(key)
    if ragged.values.dim() != 1 or ragged.values.dtype not in (torch.uint8, torch.int64):
        found = f"{ragged.values.dtype} {list(ragged.values.shape)}"
        raise DataError(f"entry {key!r}", expected="text: uint8 bytes or int64 ids [L]", found=found)
    if is_raw(ragged.values):
        ragged = _tokenized(batch, key, tokenizer, context)
    else:
        _check(ragged, key, tokenizer, context)
    if not int(ragged.lengths.max()):  # no sample has the entry: one empty place keeps every shape usable
        empty = ragged.values.new_zeros(len(batch), 1)
        return Ids(empty, empty.bool())
    values, valid = ragged.padded()
    return Ids(values, valid)


def _tokenized(batch: Batch, key: str, tokenizer: Tokenizer, context: int) -> Ragged:
    device = batch.ragged(key).values.device
    coded = [tokenizer.encode(text, context) if text else [] for text in texts_of(batch, key)]
    values = torch.tensor([i for ids in coded for i in ids], dtype=torch.long)
    return Ragged(values.to(device), torch.tensor([len(ids) for ids in coded], device=device))


def _check(ragged: Ragged, key: str, tokenizer: Tokenizer, context: int) -> None:
    longest = int(ragged.lengths.max())
    if longest > context:
        raise DataError(f"entry {key!r}", expected=f"at most {context} token ids", found=f"{longest}")
    if not len(ragged.values):
        return
    low, high = int(ragged.values.min()), int(ragged.values.max())
    if low < 0 or high >= tokenizer.size:
        expected = f"ids of the tokenizer {tokenizer.name!r}, 0 to {tokenizer.size - 1}"
        raise DataError(f"entry {key!r}", expected=expected, found=f"{low} to {high}")


class TextAdapter(Adapter):
    """Base of the adapters that read text: Rows([L]), uint8 (the string) or int64 (ids of their own tokenizer).

    Args:
        key: the entry to read, such as "text" or "text/report".
        tokenizer: turns strings into ids.
        context: the most ids of one text, start and end among them; longer strings are cut.
    """

    modality: ClassVar[str] = "text"

    def __init__(self, key: str, tokenizer: Tokenizer, context: int) -> None:
        super().__init__()
        if context < 3:
            raise ConfigError(f"expected a context of 3 ids or more, found {context}")
        self.key, self.tokenizer, self.context = key, tokenizer, context
        self.inputs = (key,)

    def ids(self, batch: Batch) -> Ids:
        """The batch's token ids [B, N], padded to the longest text."""
        return padded_ids(batch, self.key, self.tokenizer, self.context)

    def encode_texts(self, texts: Sequence[str], batch_size: int = 256) -> Tensor:
        """The pooled vectors [n, D] of some strings, in eval mode without gradient: what class prompts are made of."""
        return encode_texts(self, lambda batch: self(batch, Need(pooled=True)), texts, self.key, batch_size)

    @staticmethod
    def read(path: Path) -> Rows:
        """A .txt file in UTF-8 as Rows([L]) uint8."""
        return read_text(path)

    @staticmethod
    def example(batch_size: int) -> Batch:
        return batch_of_texts([_EXAMPLES[i % len(_EXAMPLES)] for i in range(batch_size)])

    @staticmethod
    def picture(sample: Sample, key: str) -> Any:
        """The text word by word, or token by token once it is tokenized, on a card."""
        from xmodal.modalities.text.picture import picture

        return picture(sample, key)


def encode_texts(
    model: nn.Module, embed: Callable[[Batch], Embedding], texts: Sequence[str], key: str, batch_size: int
) -> Tensor:
    """The pooled vectors [n, D] that `embed` gives of some strings, `model` in eval mode and without gradient."""
    if not texts:
        raise DataError("texts", expected="at least one", found="none")
    device, was_training = next(model.parameters()).device, model.training
    model.eval()
    with torch.no_grad():
        batches = (batch_of_texts(texts[i : i + batch_size], key) for i in range(0, len(texts), batch_size))
        parts = [embed(batch.to(device)).need_pooled(type(model).__name__) for batch in batches]
    model.train(was_training)
    return torch.cat(parts)
