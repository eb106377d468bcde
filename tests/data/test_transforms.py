"""The replay contract and the generic edits, with transforms that know no sensor."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import (
    Compose,
    EntryTransform,
    chance,
    draw_seed,
    keep_rows,
    map_links_into,
    seeded,
    set_entry,
    uniform,
)
from xmodal.errors import DataError


class Add(EntryTransform):
    """Adds one drawn number."""

    fields = ("amount",)

    def draw(self, sample: Sample, generator: torch.Generator | None) -> dict[str, Any]:
        return {"amount": uniform(0, 1, generator)}

    def apply(self, sample: Sample, params: Mapping[str, Any]) -> Sample:
        entry = sample.entries[self.key]
        assert not isinstance(entry, Rows)
        return set_entry(sample, self.key, entry + params["amount"])


def two_sets() -> Sample:
    return Sample(
        "s",
        {"a": Rows(torch.arange(4.0).unsqueeze(1)), "b": Rows(torch.arange(3.0).unsqueeze(1))},
        {
            ("a", "c"): Rows(torch.arange(8.0).view(4, 2)),
            ("b", "a"): Rows(torch.ones(3, 2)),
            ("b", "c"): Rows(torch.zeros(3, 2)),
        },
        {"class": {"a": Rows(torch.arange(4)), "b": Rows(torch.arange(3))}, "whole": torch.tensor(7)},
    )


def test_compose_replays_bit_for_bit_through_json() -> None:
    sample = Sample("s", {"x": torch.rand(5), "y": torch.rand(5)})
    chain = Compose([Add("x"), Compose([Add("y"), Add("x")])])
    first, params = chain(sample, generator=seeded(3))
    again, same = chain(sample, json.loads(json.dumps(params)))
    assert same == params
    assert all(torch.equal(first.entries[k], again.entries[k]) for k in ("x", "y"))  # type: ignore[arg-type]
    assert not torch.equal(first.entries["x"], sample.entries["x"])  # type: ignore[arg-type]


def test_draws_follow_the_generator_and_leave_the_global_one_alone() -> None:
    sample = Sample("s", {"x": torch.zeros(1)})
    before = torch.random.get_rng_state()
    one, two, other = (Add("x")(sample, generator=seeded(s))[1] for s in (1, 1, 2))
    assert one == two != other
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_replay_draws_nothing() -> None:
    sample, generator = Sample("s", {"x": torch.zeros(1)}), seeded(0)
    before = generator.get_state()
    Compose([Add("x")])(sample, [{"amount": 0.5}], generator)
    assert torch.equal(before, generator.get_state())


def test_a_missing_entry_passes_unchanged_and_replays() -> None:
    sample = Sample("s", {"x": torch.zeros(1)})
    out, params = Add("y")(sample)
    assert out is sample
    assert Add("y")(sample, params)[0] is sample


@pytest.mark.parametrize("params", [{}, {"amount": 1.0, "more": 2}, {"other": 1.0}, [1.0]])
def test_params_of_another_transform_are_refused(params: Any) -> None:
    with pytest.raises(DataError, match=r"params of Add for sample 's'.*'amount'"):
        Add("x")(Sample("s", {"x": torch.zeros(1)}), params)


@pytest.mark.parametrize("params", [[], [{"amount": 1.0}] * 2, {"amount": 1.0}])
def test_params_of_another_chain_are_refused(params: Any) -> None:
    with pytest.raises(DataError, match="one item for each of 1 transforms"):
        Compose([Add("x")])(Sample("s", {"x": torch.zeros(1)}), params)


def test_dropped_rows_take_their_links_and_labels_along() -> None:
    sample = two_sets()
    out = keep_rows(sample, "a", torch.tensor([True, False, False, True]))
    kept = out.labels["class"]
    assert isinstance(kept, Mapping)
    assert kept["a"].values.tolist() == [0, 3]  # type: ignore[union-attr]
    assert out.entries["a"].values.flatten().tolist() == [0, 3]  # type: ignore[union-attr]
    assert out.links[("a", "c")].values.tolist() == [[0, 1], [6, 7]]
    # What starts elsewhere keeps its rows.
    assert len(kept["b"].values) == len(out.links[("b", "a")].values) == 3  # type: ignore[union-attr]
    assert len(sample.entries["a"].values) == 4  # type: ignore[union-attr]


def test_a_link_with_too_few_rows_is_named() -> None:
    sample = two_sets()
    broken = Sample("s", sample.entries, {("a", "c"): Rows(torch.zeros(2, 2))})
    with pytest.raises(DataError, match=r"link or label of 'a'.*expected 4 rows.*found 2"):
        keep_rows(broken, "a", torch.ones(4, dtype=torch.bool))


def test_links_into_an_entry_are_edited_and_no_others() -> None:
    out = map_links_into(two_sets(), "c", lambda uv: uv + 1)
    assert out.links[("a", "c")].values[0].tolist() == [1, 2]
    assert out.links[("b", "c")].values.eq(1).all()
    assert out.links[("b", "a")].values.eq(1).all()


def test_draw_helpers_keep_their_bounds() -> None:
    generator = seeded(0)
    values = [uniform(-2, 3, generator) for _ in range(300)]
    assert -2 <= min(values) < -1.8
    assert 2.8 < max(values) < 3
    assert 60 < sum(chance(0.3, generator) for _ in range(300)) < 120
    assert not any(chance(0.0, generator) for _ in range(50))
    assert all(chance(1.0, generator) for _ in range(50))
    assert len({draw_seed(generator) for _ in range(50)}) == 50
