"""How a string travels: as its UTF-8 bytes at first, as token ids once a tokenizer has seen it.

A text entry is `Rows([L])`. uint8 holds the string itself, so that models with different tokenizers read one entry;
int64 holds ids, made by the `Tokenize` transform so that the work happens in the loader.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from xmodal.data.batch import Batch, Ragged
from xmodal.data.sample import Rows, Sample
from xmodal.errors import DataError


def text_entry(text: str, where: object = "text") -> Rows:
    """The entry that holds a string: Rows([L]) uint8, its UTF-8 bytes.

    Raises:
        DataError: no string, a blank one, or one with characters that no text has (NUL, half of a surrogate pair).
    """
    if not isinstance(text, str):
        raise DataError(where, expected="a string", found=type(text).__name__)
    if not text.strip():
        raise DataError(where, expected="text", found="blanks only" if text else "nothing")
    if "\0" in text:
        raise DataError(where, expected="text", found=f"a NUL character at place {text.index(chr(0))}")
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        found = f"half of a surrogate pair at place {error.start}"
        raise DataError(where, expected="text that UTF-8 can hold", found=found) from None
    return Rows(torch.frombuffer(bytearray(data), dtype=torch.uint8))


def text_of(values: Tensor, where: object = "text") -> str:
    """The string behind values [L] uint8."""
    if values.dtype != torch.uint8 or values.dim() != 1:
        found = f"{values.dtype} {list(values.shape)}"
        raise DataError(where, expected="text as UTF-8 bytes, uint8 [L]", found=found)
    try:
        return bytes(values.tolist()).decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(where, expected="text as UTF-8 bytes", found=f"other bytes from {error.start} on") from None


def is_raw(values: Tensor) -> bool:
    """True for text as bytes, False for token ids."""
    return values.dtype == torch.uint8


def values_of(sample: Sample, key: str) -> Tensor:
    """The values [L] of a text entry, uint8 or int64; a DataError if it is anything else."""
    entry = sample.entries[key]
    values = entry.values if isinstance(entry, Rows) else entry
    if not isinstance(entry, Rows) or values.dim() != 1 or values.dtype not in (torch.uint8, torch.int64):
        expected, found = "text: Rows([L]) of uint8 bytes or int64 ids", f"{values.dtype} {list(values.shape)}"
        raise DataError(f"entry {key!r} of {sample.key!r}", expected=expected, found=found)
    return values


def texts_of(batch: Batch, key: str) -> list[str]:
    """The strings of a batch; "" for a sample without the entry."""
    ragged = batch.ragged(key)
    parts = torch.split(ragged.values.cpu(), ragged.lengths.tolist())
    return [text_of(part, f"entry {key!r} of {name!r}") for part, name in zip(parts, batch.keys, strict=True)]


def batch_of_texts(texts: Sequence[str], key: str = "text") -> Batch:
    """A batch that holds nothing but these strings."""
    entries = [text_entry(text, f"text {i}").values for i, text in enumerate(texts)]
    return Batch(
        keys=tuple(f"text{i}" for i in range(len(texts))),
        entries={key: Ragged(torch.cat(entries), torch.tensor([len(e) for e in entries]))},
        index=torch.arange(len(texts)),
    )
