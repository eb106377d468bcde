"""Pairs through raw elements, and values carried over them, against slow loops."""

import pytest
import torch

from xmodal.bus import Tokens
from xmodal.data.batch import Batch, Ragged
from xmodal.pairs import carry, cell_of, fill_nearest, pair_tokens


def scene(lengths=(5, 3)):
    """Two samples: a 2 x 3 grid over a 16 x 24 px image, points that fall into 4 LiDAR tokens."""
    generator = torch.Generator().manual_seed(3)
    total = sum(lengths)
    uv = torch.rand(total, 2, generator=generator) * torch.tensor([24.0, 16.0])
    uv[1] = float("nan")
    of = torch.randint(-1, 4, (len(lengths), max(lengths)), generator=generator)
    batch = Batch(
        keys=tuple("ab"),
        entries={"image": torch.zeros(2, 3, 16, 24), "lidar": Ragged(torch.zeros(total, 4), torch.tensor(lengths))},
        links={("lidar", "image"): Ragged(uv, torch.tensor(lengths))},
        index=torch.arange(2),
    )
    image = Tokens(torch.zeros(2, 6, 8), grid=(2, 3), key="image")
    lidar = Tokens(torch.zeros(2, 4, 8), of=of, key="lidar")
    return batch, image, lidar, uv, of


def slow_pairs(uv, of, lengths):
    found = {}
    start = 0
    for sample, count in enumerate(lengths):
        for e in range(count):
            u, v = uv[start + e].tolist()
            token = int(of[sample, e])
            if u == u and token >= 0:
                cell = int(v // 8) * 3 + int(u // 8)
                found[sample, cell, token] = found.get((sample, cell, token), 0) + 1
        start += count
    return found


def test_pairs_through_points_equal_a_slow_loop():
    batch, image, lidar, uv, of = scene()
    pairs = pair_tokens(image, lidar, batch)
    fast = {tuple(row): int(w) for row, w in zip(pairs.index.tolist(), pairs.weight, strict=True)}
    assert fast == slow_pairs(uv, of, (5, 3))


def test_pairing_is_symmetric():
    batch, image, lidar, _, _ = scene()
    there, back = pair_tokens(image, lidar, batch), pair_tokens(lidar, image, batch)
    assert {tuple(r) for r in there.index.tolist()} == {(s, b, a) for s, a, b in back.index.tolist()}


def test_the_same_grid_of_the_same_entry_pairs_one_to_one():
    batch, image, _, _, _ = scene()
    pairs = pair_tokens(image, image, batch)
    assert (pairs.index[:, 1] == pairs.index[:, 2]).all()
    assert len(pairs.index) == 12


def test_without_a_link_the_error_names_both_entries():
    batch, image, _, _, _ = scene()
    stranger = Tokens(torch.zeros(2, 4, 8), key="audio")
    with pytest.raises(ValueError, match="'image' and 'audio' cannot be paired"):
        pair_tokens(image, stranger, batch)


def test_a_link_edited_to_another_sample_moves_the_pairs():
    batch, image, lidar, _, _ = scene((4, 4))
    swapped = batch.rows(torch.tensor([1, 0]))
    assert not torch.equal(pair_tokens(image, lidar, batch).index, pair_tokens(image, lidar, swapped).index)


def test_carry_is_the_weighted_mean_over_pairs():
    batch, image, lidar, uv, of = scene()
    values = torch.randn(2, 4, 5, dtype=torch.float64)
    carried, reached = carry(values, pair_tokens(image, lidar, batch), 6)
    expected, weight = torch.zeros(2, 6, 5, dtype=torch.float64), torch.zeros(2, 6)
    for (sample, cell, token), count in slow_pairs(uv, of, (5, 3)).items():
        expected[sample, cell] += count * values[sample, token]
        weight[sample, cell] += count
    assert torch.equal(reached, weight > 0)
    torch.testing.assert_close(carried[reached], expected[reached] / weight[reached].unsqueeze(1))


def test_cells_outside_the_image_and_unseen_points_are_minus_one():
    uv = torch.tensor([[-0.1, 1.0], [23.9, 15.9], [24.0, 0.0], [float("nan"), 1.0], [0.0, 0.0]])
    assert cell_of(uv, (2, 3), (16, 24)).tolist() == [-1, 5, -1, -1, 0]


def test_cells_without_a_value_take_the_nearest_one():
    values = torch.tensor([[1.0, 0.0, 0.0, 9.0]])
    known = torch.tensor([[True, False, False, True]])
    assert fill_nearest(values, known, (1, 4)).tolist() == [[1.0, 1.0, 9.0, 9.0]]
