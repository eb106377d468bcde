"""Labels that stand in tars: the text of a member, or a field of its JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass

from xmodal.data.tar_index import Member
from xmodal.errors import ConfigError, DataError

LARGEST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class TarLabel:
    """What states the label: "cls" the whole text of KEY.cls, "json:height" the field of KEY.json.

    Attributes:
        field: "" for the whole text.
    """

    column: str
    field: str

    @classmethod
    def of(cls, text: str) -> TarLabel:
        """
        Raises:
            ConfigError: JSON without a field, or a field of something else.
        """
        column, colon, field = text.partition(":")
        is_json = column.lower().rpartition(".")[2] == "json"
        if is_json != bool(field) or (colon and not field):
            raise ConfigError(f"label: expected a suffix such as 'cls' or a field such as 'json:class', found {text!r}")
        return cls(column, field)

    def read(self, member: Member) -> str:
        """The label as it is written; "" where the field is missing or null.

        Raises:
            DataError: no text in UTF-8, none at all, larger than 1 MiB; no JSON object, or a field with no plain value.
        """
        if member.size > LARGEST_BYTES:
            raise DataError(member.where, expected=f"a label of at most {LARGEST_BYTES} bytes", found=f"{member.size}")
        try:
            text = b"".join(member.chunks()).decode("utf-8-sig").strip()
        except UnicodeDecodeError as error:
            found = f"byte {error.object[error.start]:#x} at {error.start}"
            raise DataError(member.where, expected="a label in UTF-8", found=found) from None
        if self.field:
            return _field(member.where, text, self.field)
        if not text:
            raise DataError(member.where, expected="a label (or no such member)", found="nothing")
        return text


def _field(where: str, text: str, field: str) -> str:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):  # no JSON, a number of too many digits, endless brackets
        raise DataError(where, expected="JSON", found=f"{len(text)} characters that are none") from None
    if not isinstance(record, dict):
        raise DataError(where, expected="a JSON object", found=type(record).__name__)
    value = record.get(field)
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if not isinstance(value, (bool, int, float)):
        raise DataError(f"{where}: {field!r}", expected="a text or a number", found=type(value).__name__)
    return json.dumps(value)
