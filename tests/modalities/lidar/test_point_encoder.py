"""The point encoder keeps the adapter's contract and depends on nothing but the set of points."""

from dataclasses import replace

import pytest
import torch

from xmodal.adapter import Need
from xmodal.data.batch import Ragged, collate
from xmodal.data.sample import Rows, Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.lidar import PointEncoder
from xmodal.testing import check_adapter

EVERYTHING = Need(pooled=True, tokens=True, layers=True)
RANGE = {"planes": ("xy", "range"), "cells": ((1.0, 1.0), (4.0, 4.0))}


def encoder(**changes):
    return PointEncoder(**{"width": 16, "depth": 3, "voxel_size_m": 1.0} | changes)


def batch_of(*clouds):
    return collate([Sample(str(i), {"lidar": Rows(cloud)}) for i, cloud in enumerate(clouds)])


def clouds(*counts):
    example = PointEncoder.example(len(counts)).ragged("lidar").values
    low, high = example.amin(0), example.amax(0)
    return [low + torch.rand(n, 4) * (high - low) for n in counts]


@pytest.mark.parametrize("changes", [{}, {"voxel_size_m": 0.0}, RANGE, {"pool": "max"}], ids=str)
def test_contract(changes):
    check_adapter(encoder(**changes))


def test_every_parameter_learns():
    model = encoder(depth=4)
    embedding = model(PointEncoder.example(2), Need(pooled=True))
    embedding.pooled.square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


@pytest.mark.parametrize("train", [True, False])
def test_a_cloud_does_not_depend_on_its_batch(train):
    model = encoder().train(train)
    a, b = clouds(30, 200)
    both = model(batch_of(a, b), EVERYTHING)
    for i, cloud in enumerate((a, b)):
        alone = model(batch_of(cloud), EVERYTHING)
        assert torch.allclose(both.pooled[i], alone.pooled[0], atol=1e-5)
        kept = both.tokens.valid[i]
        assert torch.allclose(both.tokens.x[i][kept], alone.tokens.x[0], atol=1e-5)
        assert not both.tokens.x[i][~kept].any()


def test_the_order_of_points_does_not_matter():
    model = encoder()
    (cloud,) = clouds(300)
    order = torch.randperm(300)
    a, b = model(batch_of(cloud), EVERYTHING), model(batch_of(cloud[order]), EVERYTHING)
    assert torch.allclose(a.pooled, b.pooled, atol=1e-5)
    assert torch.allclose(a.tokens.x, b.tokens.x, atol=1e-5)
    assert torch.equal(a.tokens.of[0, order], b.tokens.of[0])


def test_a_cloud_without_points_is_finite_and_harmless():
    model = encoder()
    (cloud,) = clouds(50)
    embedding = model(batch_of(cloud[:0], cloud, cloud + 1e4), EVERYTHING)
    assert embedding.pooled.isfinite().all()
    assert embedding.tokens.valid.any(1).tolist() == [False, True, False]
    assert (embedding.tokens.of[2] == -1).all()
    assert torch.allclose(embedding.pooled[1], model(batch_of(cloud), EVERYTHING).pooled[0], atol=1e-5)


def test_a_batch_without_any_point_still_has_a_gradient():
    model = encoder()
    batch = replace(PointEncoder.example(2), entries={"lidar": Ragged(torch.zeros(0, 4), torch.tensor([0, 0]))})
    embedding = model(batch, EVERYTHING)
    embedding.pooled.sum().backward()
    assert embedding.tokens.x.shape == (2, 0, 16)
    assert model.pool.project.bias.grad.any()


def test_where_is_the_mean_of_the_points_of_a_token():
    batch = batch_of(*clouds(120, 60))
    tokens = encoder(voxel_size_m=8.0)(batch, EVERYTHING).tokens
    points, _ = batch.ragged("lidar").padded()
    mine = tokens.of[1] == 2
    assert mine.sum() > 1
    assert torch.allclose(points[1, mine, :3].mean(0), tokens.where[1, 2], atol=1e-5)


@pytest.mark.parametrize("layer", [-1, 0, 1, 2])
def test_the_upper_part_continues_where_a_layer_left_off(layer):
    model = encoder()
    batch = batch_of(*clouds(40, 90, 60))
    full = model(batch, EVERYTHING)
    again = model.upper(batch, full.layers[layer].x, None, layer, None)
    assert torch.allclose(again.pooled, full.pooled, atol=1e-5)


def test_the_upper_part_of_some_samples_and_of_some_tokens():
    model = encoder()
    batch = batch_of(*clouds(40, 90, 60))
    full = model(batch, EVERYTHING)
    rows = torch.tensor([2, 0])
    given = full.layers[0].x[rows][:, : int(full.tokens.valid[rows].sum(1).max())].detach().requires_grad_()
    valid = torch.rand(given.shape[:2]) < 0.5
    assert torch.allclose(model.upper(batch, given, None, 0, rows).pooled, full.pooled[rows], atol=1e-5)
    model.upper(batch, given, valid, 0, rows).pooled.sum().backward()
    assert given.grad.any(-1)[valid & (torch.arange(given.shape[1]) < full.tokens.valid[rows].sum(1, True))].all()
    assert not given.grad[~valid].any()


def test_the_upper_part_refuses_another_number_of_tokens_and_an_unknown_layer():
    model, batch = encoder(), PointEncoder.example(2)
    with pytest.raises(ValueError, match="one a voxel, found"):
        model.upper(batch, torch.zeros(2, 3, 16), None, 0, None)
    with pytest.raises(ValueError, match="expected a layer from -1 to 2, found 3"):
        model.upper(batch, torch.zeros(2, 3, 16), None, 3, None)


def test_two_threads_repeat_every_bit():
    model, batch = encoder(width=32), batch_of(*clouds(3000, 2000))
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        runs = []
        for _ in range(4):
            model.zero_grad()
            pooled = model(batch, Need(pooled=True)).pooled
            pooled.square().sum().backward()
            runs.append([pooled.detach()] + [p.grad.clone() for p in model.parameters()])
    finally:
        torch.set_num_threads(threads)
    for run in runs[1:]:
        assert all(torch.equal(a, b) for a, b in zip(runs[0], run, strict=True))


def test_autocast_stays_close_and_keeps_the_stream_in_float32():
    model, batch = encoder(), PointEncoder.example(2)
    exact = model(batch, EVERYTHING)
    with torch.autocast("cpu", torch.bfloat16):
        half = model(batch, EVERYTHING)
    half.pooled.float().sum().backward()
    assert half.tokens.x.dtype == torch.float32
    assert (half.pooled.float() - exact.pooled).abs().max() < 0.02
    assert all(p.grad.isfinite().all() for p in model.parameters())


def test_wrong_columns_and_wrong_arguments_are_named():
    with pytest.raises(DataError, match=r"entry 'lidar': expected points \[P, 5\] .*features.*, found"):
        encoder(features=5)(PointEncoder.example(1), Need(pooled=True))
    with pytest.raises(ConfigError, match="unknown pool 'median'"):
        encoder(pool="median")
    with pytest.raises(ConfigError, match="depth >= 1"):
        encoder(depth=0)
