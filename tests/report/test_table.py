"""The table on the console and in Markdown."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from rich.console import Console

from xmodal.report.table import markdown_table, print_tables

Make = Callable[..., dict[str, Any]]


def printed(content: dict[str, Any]) -> str:
    out = io.StringIO()
    print_tables(content, Console(file=out, width=140))
    return out.getvalue()


def line(text: str, start: str) -> str:
    return next(row for row in text.splitlines() if row.strip("│ ").startswith(start))


def test_rows_hold_mean_interval_and_seconds(result: Make) -> None:
    row = line(printed(result()), "distilled ")
    assert row.split("│")[1:-1] == [" distilled ", " 0.517 [0.500, 0.530] ", " 0.717 [0.700, 0.730] ", "           12 "]


def test_differences_are_below_the_table(result: Make) -> None:
    text = printed(result())
    assert line(text, "distilled - student").split("  ")[1].strip() == "+0.097 [+0.080, +0.110]"
    assert "better in 3 of 3 seeds" in line(text, "distilled - shuffled")
    assert "51 %" in line(text, "gap recovered")
    assert text.index("teacher") < text.index("distilled - student")


def test_splits_are_counted_one_by_one(result: Make) -> None:
    assert "better in 15 of 15" in line(printed(result(splits=5)), "over 5 splits x 3 seeds")


def test_one_seed_has_no_interval(result: Make) -> None:
    text = printed(result({"student": [0.4], "distilled": [0.45]}))
    assert "[+" not in text
    assert "[0" not in text
    assert "+0.050" in line(text, "distilled - student")
    assert "Only one seed" in text


def test_no_complete_seed_is_said(result: Make) -> None:
    text = printed(result({"student": [], "distilled": []}))
    assert "no seed is complete yet" in text
    assert "–" in line(text, "student")  # noqa: RUF001
    assert "distilled -" not in text


@pytest.mark.parametrize(
    "arms", [(), ("teacher",), ("student",), ("distilled",), ("self", "teacher"), ("distilled", "teacher")]
)
def test_any_arms_make_a_table(result: Make, arms: Sequence[str]) -> None:
    content = result({arm: [0.5, 0.6] for arm in arms})
    text = printed(content)
    assert all(line(text, arm) for arm in arms)
    assert "distilled - student" not in text
    assert markdown_table(content).count("\n| ") >= len(arms)


def test_several_groups_have_their_tables(result: Make) -> None:
    content = result()
    content["groups"]["night [dark]"] = content["groups"]["all"]
    text = printed(content)
    assert text.count("gap recovered") == 2
    assert "night [dark]" in text


def test_lower_is_better_is_said(result: Make) -> None:
    text = printed(result(greater_is_better=False))
    assert "mIoU ↓" in text
    assert "+ is better" in text
    assert "-0.097" in line(text, "distilled - student")


def test_markdown_has_one_row_an_arm_and_lists_the_differences(result: Make) -> None:
    rows = markdown_table(result()).splitlines()
    table = [row for row in rows if row.startswith("|")]
    assert table[0] == "| arm | mIoU ↑ | accuracy | training [s] |"
    assert len({row.count("|") for row in table}) == 1
    assert table[5].startswith("| **distilled** | **0.517 [0.500, 0.530]** |")
    assert "- distilled - student: +0.097 [+0.080, +0.110] (better in 3 of 3 seeds)" in rows


def test_a_bar_in_a_name_does_not_split_a_markdown_cell(result: Make) -> None:
    assert "| teacher-a\\|b |" in markdown_table(result({"student": [0.4], "teacher-a|b": [0.5]}))
