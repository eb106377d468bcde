"""From text to token ids and back: our bytes, and CLIP's byte-pair codes as open_clip ships them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from xmodal.errors import XmodalError, unknown


class Tokenizer(Protocol):
    """Turns a string into ids in [0, size).

    Attributes:
        name: what `make_tokenizer` knows it by.
        size: number of ids.
        start, end: the ids that stand before and after every text; `end` is the highest.
    """

    name: str
    size: int
    start: int
    end: int

    def encode(self, text: str, context: int) -> list[int]:
        """start, the text, end: at most `context` ids, the text cut where it is longer."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """The text of some ids, without start and end."""
        ...


class ByteTokenizer:
    """One id a byte of UTF-8, then start and end: no vocabulary, nothing unknown."""

    name = "bytes"
    size, start, end = 258, 256, 257

    def encode(self, text: str, context: int) -> list[int]:
        data = text.encode("utf-8")[: context - 2]
        # A cut inside a character would leave bytes that are no text.
        whole = data.decode("utf-8", errors="ignore").encode("utf-8")
        return [self.start, *whole, self.end]

    def decode(self, ids: Sequence[int]) -> str:
        return bytes(i for i in ids if i < 256).decode("utf-8", errors="replace")


class ClipTokenizer:
    """The byte-pair codes of CLIP (49,408 ids, lower case), from the vocabulary that open_clip installs."""

    name = "clip"

    def __init__(self) -> None:
        self._codes: Any = import_open_clip().tokenizer.SimpleTokenizer()
        self.size = int(self._codes.vocab_size)
        self.start, self.end = int(self._codes.sot_token_id), int(self._codes.eot_token_id)

    def encode(self, text: str, context: int) -> list[int]:
        inner: list[int] = self._codes.encode(text)
        return [self.start, *inner[: context - 2], self.end]

    def decode(self, ids: Sequence[int]) -> str:
        text: str = self._codes.decode([i for i in ids if i not in (self.start, self.end)])
        return text.strip()


TOKENIZERS: dict[str, type[ByteTokenizer] | type[ClipTokenizer]] = {"bytes": ByteTokenizer, "clip": ClipTokenizer}


def make_tokenizer(name: str) -> Tokenizer:
    """The tokenizer of that name: "bytes" (needs nothing) or "clip" (needs open_clip, no network)."""
    if name not in TOKENIZERS:
        raise unknown("tokenizer", name, TOKENIZERS)
    return TOKENIZERS[name]()


def import_open_clip() -> Any:
    """The package open_clip; costs seconds, so only where it is used."""
    try:
        import open_clip
    except ImportError as error:
        raise XmodalError("CLIP models and their tokenizer need open_clip: pip install 'xmodal[text]'") from error
    return open_clip
