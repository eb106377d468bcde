"""Transforms of a text entry: tokenize it, choose one of several captions, drop tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import EntryTransform, draw_seed, keep_rows, seeded, set_entry
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.text.entry import is_raw, text_entry, text_of, values_of
from xmodal.modalities.text.tokenizers import make_tokenizer

CAPTIONS, TOKENIZERS = "captions", "tokenizers"
"""Fields of `Sample.meta`, by entry: the texts to choose from; the name of the tokenizer that made the ids."""


class RandomCaption(EntryTransform):
    """Take one of the captions in `meta["captions"][key]`, each as likely as the others. Comes before `Tokenize`."""

    fields = ("caption",)

    def __init__(self, key: str = "text") -> None:
        super().__init__(key)

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"caption": int(torch.randint(len(self._captions(sample)), (), generator=generator))}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        captions, number = self._captions(sample), params["caption"]
        where = f"{CAPTIONS} {self.key!r} of {sample.key!r}"
        if not is_raw(values_of(sample, self.key)):
            raise DataError(where, expected="an entry that is still text", found="token ids: move Tokenize behind")
        if not isinstance(number, int) or not 0 <= number < len(captions):
            raise DataError(where, expected=f"a caption from 0 to {len(captions) - 1}", found=f"{number!r}")
        return set_entry(sample, self.key, text_entry(captions[number], where))

    def _captions(self, sample: Sample) -> tuple[str, ...]:
        captions = tuple(sample.meta.get(CAPTIONS, {}).get(self.key, ()))
        if not captions:
            where = f"meta[{CAPTIONS!r}][{self.key!r}] of {sample.key!r}"
            raise DataError(where, expected="at least one caption", found="none")
        return captions


class Tokenize(EntryTransform):
    """Turn text into token ids int64, start and end included, so that the loader does the work and not the model.

    Args:
        tokenizer: "bytes" or "clip"; that of the model that will read the ids.
        context: the most ids; longer text is cut.
    """

    fields = ("context", "tokenizer")

    def __init__(self, tokenizer: str = "bytes", context: int = 77, key: str = "text") -> None:
        super().__init__(key)
        if context < 3:
            raise ConfigError(f"Tokenize needs a context of 3 or more, not {context}")
        self.tokenizer, self.context = make_tokenizer(tokenizer), context

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"context": self.context, "tokenizer": self.tokenizer.name}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        where = f"entry {self.key!r} of {sample.key!r}"
        name = params["tokenizer"]
        tokenizer = self.tokenizer if name == self.tokenizer.name else make_tokenizer(name)
        text = text_of(values_of(sample, self.key), where)
        ids = torch.tensor(tokenizer.encode(text, params["context"]), dtype=torch.long)
        known = {**sample.meta.get(TOKENIZERS, {}), self.key: name}
        return replace(set_entry(sample, self.key, Rows(ids)), meta={**sample.meta, TOKENIZERS: known})


class TokenDropout(EntryTransform):
    """Drop each token id with the probability `fraction`; the first and the last, start and end, always stay."""

    fields = ("fraction", "seed")

    def __init__(self, fraction: float = 0.1, key: str = "text") -> None:
        super().__init__(key)
        if not 0 <= fraction < 1:
            raise ConfigError(f"TokenDropout needs 0 <= fraction < 1, not {fraction}")
        self.fraction = fraction

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"fraction": self.fraction, "seed": draw_seed(generator)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        ids = values_of(sample, self.key)
        if is_raw(ids):
            where = f"entry {self.key!r} of {sample.key!r}"
            raise DataError(where, expected="token ids", found="text: put Tokenize before TokenDropout")
        keep = torch.rand(len(ids), generator=seeded(params["seed"])) >= params["fraction"]
        keep[:1] = keep[-1:] = True
        return keep_rows(sample, self.key, keep)
