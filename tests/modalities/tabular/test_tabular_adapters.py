"""Rows of a table: contract, missing values, categories, augmentations, picture."""

import json

import numpy as np
import pytest
import torch

from xmodal.adapter import Need
from xmodal.data.batch import Batch
from xmodal.data.sample import Sample
from xmodal.data.transforms import seeded
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.tabular import TabularMLP, TabularTransformer
from xmodal.modalities.tabular.columns import ColumnTokens
from xmodal.modalities.tabular.transforms import ColumnDropout, GaussianNoise
from xmodal.testing import check_adapter

KINDS = [TabularMLP, TabularTransformer]
ROW = torch.tensor([1.0, -2.0, 0.5, 2.0, 1.0])


@pytest.mark.parametrize("kind", KINDS)
def test_contract(kind):
    check_adapter(kind())
    check_adapter(kind(codes=[0], width=8), Batch(("a", "b"), {"tabular": torch.randn(2, 1)}, torch.arange(2)))


def test_a_number_scales_its_vector_and_a_category_picks_one():
    columns = ColumnTokens((0, 3, 2), 4, mean=[10.0, 0.0, 0.0], std=[2.0, 1.0, 1.0])
    tokens = columns(torch.tensor([[14.0, 2.0, 0.0], [10.0, 1.0, 1.0]]))
    assert torch.allclose(tokens[0, 0], 2 * columns.slope[0] + columns.offset[0])
    assert torch.allclose(tokens[1, 0], columns.offset[0])
    table = columns.category.weight
    assert torch.allclose(tokens[0, 1], table[2] + columns.offset[1])
    assert torch.allclose(tokens[:, 2], table[[3, 4]] + columns.offset[2])


def test_missing_values_and_unknown_codes_have_a_vector_of_their_column():
    columns = ColumnTokens((0, 3), 4)
    tokens = columns(torch.tensor([[torch.nan, torch.nan], [torch.inf, 3.0], [0.0, -1.0], [0.0, 0.0]]))
    assert torch.equal(tokens[0], columns.missing)
    assert torch.equal(tokens[1], columns.missing)
    assert torch.equal(tokens[2, 1], columns.missing[1])
    assert not torch.equal(tokens[3], columns.missing)


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_learns(kind):
    model = kind()
    model(kind.example(64), Need(pooled=True)).pooled.sin().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_is_a_token_and_mistakes_are_named(kind):
    assert kind()(kind.example(2), Need(tokens=True)).tokens.grid == (5,)
    with pytest.raises(DataError, match=r"floats \[B, 5\], found torch.float32 \[2, 3\]"):
        kind()(Batch(("a", "b"), {"tabular": torch.zeros(2, 3)}, torch.arange(2)), Need(pooled=True))
    for options in ({"codes": ()}, {"codes": (0, -1)}, {"depth": 0}, {"std": [0.0] * 5}):
        with pytest.raises(ConfigError):
            kind(**options)


@pytest.mark.parametrize("transform", [ColumnDropout(0.5), GaussianNoise([0.1, 2.0, 0, 0, 0])])
def test_replay_is_exact_and_leaves_the_input_alone(transform):
    sample = Sample("s", {"tabular": ROW.clone()})
    out, params = transform(sample, generator=seeded(1))
    again, _ = transform(sample, json.loads(json.dumps(params)))
    assert torch.equal(out.entries["tabular"].nan_to_num(-9), again.entries["tabular"].nan_to_num(-9))
    assert torch.equal(sample.entries["tabular"], ROW)
    assert not torch.equal(out.entries["tabular"], ROW)


def test_noise_leaves_columns_without_a_spread_and_has_the_spread_asked_for():
    noise = GaussianNoise([0.1, 2.0, 0, 0, 0])
    moved = torch.stack(
        [noise(Sample("s", {"tabular": ROW}), generator=seeded(i))[0].entries["tabular"] for i in range(500)]
    )
    assert (moved - ROW).std(0).tolist() == pytest.approx([0.1, 2.0, 0, 0, 0], rel=0.1)
    with pytest.raises(DataError, match="5 columns, one a std, found 4"):
        noise(Sample("s", {"tabular": ROW[:4]}))
    with pytest.raises(ConfigError, match="GaussianNoise"):
        GaussianNoise([-1.0])


def test_dropout_makes_values_missing_as_often_as_asked():
    drop = ColumnDropout(0.3)
    gone = [len(drop.draw(Sample("s", {"tabular": ROW}), seeded(i))["columns"]) for i in range(400)]
    assert np.mean(gone) / 5 == pytest.approx(0.3, abs=0.03)


def test_the_picture_has_a_line_for_each_column():
    short = TabularMLP.picture(Sample("s", {"tabular": ROW[:2]}), "tabular")
    meta = {"columns": {"tabular": list("abcde")}, "categories": {"tabular": {"d": ["x", "y", "z"]}}}
    row = ROW.clone()
    row[0] = torch.nan
    long = TabularMLP.picture(Sample("s", {"tabular": row}, meta=meta), "tabular")
    assert long.dtype == np.uint8
    assert long.shape[0] > short.shape[0]
    assert long.shape[1:] == short.shape[1:] == (420, 3)
