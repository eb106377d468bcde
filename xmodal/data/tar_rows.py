"""Joins the members of one key, from one set of tars or from one a modality, and says which keys do not match."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xmodal.data.tar_index import Index, Member
from xmodal.errors import DataError

Source = str
"""An entry, or LABEL."""
LABEL = "label"


@dataclass(frozen=True, slots=True)
class TarRow:
    """One sample.

    Attributes:
        members: by entry; one that is missing was not recorded.
        label: the member that states it, None where unlabelled.
    """

    key: str
    members: Mapping[str, Member]
    label: Member | None

    @property
    def label_at(self) -> str:
        """The place of the label, for errors."""
        return self.label.where if self.label else f"key {self.key!r}: label"


def join(
    part: str,
    shards: Mapping[Source, Sequence[str]],
    columns: Mapping[Source, str],
    index: Callable[[str], Index],
    *,
    missing: str,
) -> list[TarRow]:
    """The samples of a part of the data in the order of their keys, however they lie in tars.

    Args:
        part: its name, for errors.
        shards: by entry and for LABEL, the names of their tars.
        columns: by entry and for LABEL, the column of their members; all of them.
        index: finds the members of the tar of that name.
        missing: "error" or "allow": whether a sample may lack entries (not all of them).

    Raises:
        DataError: a key in two tars of one set, or without an entry.
    """
    found: dict[str, dict[Source, Member]] = {}
    for names in dict.fromkeys(map(tuple, shards.values())):
        sources = [source for source in shards if tuple(shards[source]) == names]
        wanted = {columns[source] for source in sources}
        for key, members in _merged(names, wanted, index).items():
            here = {source: members[columns[source]] for source in sources if columns[source] in members}
            found.setdefault(key, {}).update(here)
    entries = [source for source in columns if source != LABEL]
    _check_entries(part, found, entries, shards, columns, missing)
    rows = []
    for key, by_source in sorted(found.items()):
        label = by_source.pop(LABEL, None)
        rows.append(TarRow(key, by_source, label))
    return rows


def _merged(names: Sequence[str], wanted: set[str], index: Callable[[str], Index]) -> Index:
    """The wanted members of several tars; a key of two tars would be two samples of one name."""
    merged: Index = {}
    for name in names:
        for key, members in index(name).items():
            kept = {column: member for column, member in members.items() if column in wanted}
            if key in merged and kept:
                here, other = next(iter(kept.values())), next(iter(merged[key].values()))
                found = f"it in {other.tar} as well" if other.tar != here.tar else "it again: the tar is listed twice"
                raise DataError(f"{here.tar}: key {key!r}", expected="each key once", found=found)
            if kept:
                merged[key] = kept
    return merged


def _check_entries(
    part: str,
    found: Mapping[str, Mapping[Source, Member]],
    entries: Sequence[str],
    shards: Mapping[Source, Sequence[str]],
    columns: Mapping[Source, str],
    missing: str,
) -> None:
    """The first key that lacks an entry, and how many more do."""
    lacking = {key: [entry for entry in entries if entry not in members] for key, members in found.items()}
    bare = {key: gone for key, gone in lacking.items() if len(gone) == len(entries) or (gone and missing == "error")}
    if not bare:
        return
    key, gone = min(bare.items())
    there = ", ".join(f"{found[key][source].name!r}" for source in found[key])
    more = f" ({len(bare) - 1} further keys lack an entry as well)" if len(bare) > 1 else ""
    where = f"{part}: key {key!r}"
    if missing == "error":
        named = f"{gone[0]!r}, a member .{columns[gone[0]]} in {_tars(shards[gone[0]])}"
        raise DataError(where, expected=f"its entry {named}", found=f"only {there}{more}")
    raise DataError(where, expected=f"one of the entries {', '.join(entries)}", found=f"only {there}{more}")


def _tars(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} or the {len(names) - 1} tars after it"
