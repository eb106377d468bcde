"""Images with captions as a sequence of samples; files are read when a sample is asked for."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from xmodal.data.sample import Entry, Sample
from xmodal.errors import DataError
from xmodal.modalities.text.entry import text_entry
from xmodal.modalities.text.read import LARGEST_BYTES, decode_text
from xmodal.modalities.text.transforms import CAPTIONS

IMAGE_SUFFIXES, TEXT_SUFFIXES = ("jpg", "jpeg", "png"), ("txt", "json")
LARGEST_IMAGE_BYTES = 1 << 28


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of a file: all of it, or a member of an archive.

    Attributes:
        name: of the member; "" for the whole file.
        start, size: the place of a member in bytes.
    """

    path: Path
    name: str = ""
    start: int = 0
    size: int = -1

    @property
    def where(self) -> str:
        return f"{self.path}: member {self.name!r}" if self.name else str(self.path)

    @property
    def suffix(self) -> str:
        return (self.name or self.path.name).lower().rpartition(".")[2]

    def read(self, largest: int) -> bytes:
        """The bytes; a DataError if there are none, too many, or fewer than there should be."""
        if not self.path.is_file():
            raise DataError(self.where, expected="a file", found="no such file")
        size = self.path.stat().st_size if self.size < 0 else self.size
        if not 0 < size <= largest:
            raise DataError(self.where, expected=f"1 to {largest} bytes", found=f"{size}")
        with self.path.open("rb") as file:
            file.seek(self.start)
            data = file.read(size)
        if len(data) != size:
            raise DataError(self.where, expected=f"{size} bytes", found=f"{len(data)}: the file changed or was cut")
        return data


@dataclass(frozen=True, slots=True)
class Record:
    """One pair: where its image lies, and its captions or the file that holds them."""

    key: str
    image: Part
    captions: Part | tuple[str, ...]


class ImageTextPairs(Sequence[Sample]):
    """Samples with the entries "image" (uint8 [3, H, W]) and "text" (the first caption, as bytes).

    All captions stand in `meta["captions"]["text"]`, where `RandomCaption` finds them.

    Args:
        records: the pairs, keys unique.
        image_key, text_key: names of the entries.
    """

    def __init__(self, records: Sequence[Record], image_key: str = "image", text_key: str = "text") -> None:
        self.records, self.image_key, self.text_key = tuple(records), image_key, text_key

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        record = self.records[index]
        captions = parse_captions(record.captions) if isinstance(record.captions, Part) else record.captions
        text = text_entry(captions[0], record.key)
        entries: dict[str, Entry] = {self.image_key: read_pixels(record.image), self.text_key: text}
        return Sample(record.key, entries, meta={CAPTIONS: {self.text_key: captions}})


def read_pixels(part: Part) -> Tensor:
    """A PNG or JPEG image, in a file or an archive, as uint8 [3, H, W]."""
    from xmodal.modalities.image.read import decode_image, read_image

    if not part.name:
        return read_image(part.path)
    data = part.read(LARGEST_IMAGE_BYTES)
    return decode_image(part.where, io.BytesIO(data), len(data))


def parse_captions(part: Part) -> tuple[str, ...]:
    """The captions of a .txt file (the whole of it is one) or a .json file.

    JSON is {"caption": "..."}, {"captions": ["...", ...]} or one string; other fields are left alone.
    """
    text = decode_text(part.where, part.read(LARGEST_BYTES))
    if part.suffix != "json":
        text_entry(text, part.where)  # refuses what is no text
        return (text,)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        at = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise DataError(part.where, expected="JSON", found=f"{len(text)} characters that are none{at}") from error
    captions = value
    if isinstance(value, dict):
        fields = [name for name in ("caption", "captions") if name in value]
        if len(fields) != 1:
            found = " and ".join(fields) or "neither"
            raise DataError(part.where, expected="a field 'caption' or 'captions'", found=found)
        captions = value[fields[0]]
    listed = captions if isinstance(captions, list) and captions else [captions]
    for caption in listed:
        text_entry(caption, f"{part.where}: caption")
    return tuple(listed)
