"""Pairs through raw elements, and values carried over them, against slow loops."""

from dataclasses import replace

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


def test_two_cameras_pair_through_the_points_that_both_see():
    batch, image, _, uv, _ = scene()
    thermal_uv = uv.flip(1)  # another camera, which sees the points elsewhere
    links = {**batch.links, ("lidar", "raster/thermal"): Ragged(thermal_uv, torch.tensor((5, 3)))}
    entries = {**batch.entries, "raster/thermal": torch.zeros(2, 1, 24, 16)}
    thermal = Tokens(torch.zeros(2, 6, 8), grid=(3, 2), key="raster/thermal")
    pairs = pair_tokens(image, thermal, replace(batch, links=links, entries=entries))
    expected = {}
    for e, (u, v) in enumerate(uv.tolist()):
        if u == u:
            code = (int(e >= 5), int(v // 8) * 3 + int(u // 8), int(u // 8) * 2 + int(v // 8))
            expected[code] = expected.get(code, 0) + 1
    assert {tuple(r): int(w) for r, w in zip(pairs.index.tolist(), pairs.weight, strict=True)} == expected


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


def timed(times, key, frame="time_s", valid=None):
    where = torch.tensor(times).view(1, -1, 1)
    return Tokens(torch.zeros(1, len(times), 4), where=where, frame=frame, key=key, valid=valid)


def recording(**entries):
    return Batch(keys=("r",), entries=entries, index=torch.arange(1))


def test_tokens_on_one_clock_pair_by_time_and_not_beyond_the_shorter_recording():
    fine = timed([0.5, 1.5, 2.5, 3.5, 7.5], "audio")
    coarse = timed([1.0, 3.0], "eeg")
    there = pair_tokens(fine, coarse, recording()).index[:, 1:].tolist()
    assert there == [[0, 0], [1, 0], [2, 1], [3, 1]]  # the sound at 7.5 s is heard by no electrode
    back = pair_tokens(coarse, fine, recording()).index[:, 1:].tolist()
    assert sorted(back) == sorted([b, a] for a, b in there)


def test_all_tokens_of_one_moment_pair_and_invalid_ones_never():
    bands = timed([1.0, 2.0, 1.0, 2.0], "audio", valid=torch.tensor([[True, True, True, False]]))
    windows = timed([1.1, 2.1], "eeg")
    assert pair_tokens(windows, bands, recording()).index[:, 1:].tolist() == [[0, 0], [0, 2], [1, 1]]


def test_volumes_of_one_shape_pair_by_voxel_and_others_are_refused():
    mri = Tokens(torch.zeros(1, 1, 4), where=torch.tensor([[[3.5, 3.5, 3.5]]]), frame="volume_vox", key="volume/mri")
    corners = torch.cartesian_prod(*[torch.tensor([1.5, 5.5])] * 3).unsqueeze(0)
    pet = Tokens(torch.zeros(1, 8, 4), where=corners, frame="volume_vox", key="volume/pet")
    same = recording(**{"volume/mri": torch.zeros(1, 1, 8, 8, 8), "volume/pet": torch.zeros(1, 1, 8, 8, 8)})
    assert pair_tokens(mri, pet, same).index[:, 2].tolist() == list(range(8))
    other = recording(**{"volume/mri": torch.zeros(1, 1, 8, 8, 8), "volume/pet": torch.zeros(1, 1, 4, 8, 8)})
    with pytest.raises(ValueError, match="cannot be paired"):
        pair_tokens(mri, pet, other)


def test_pixels_of_two_cameras_are_no_common_frame():
    with pytest.raises(ValueError, match="cannot be paired"):
        pair_tokens(timed([1.0], "image/a", "image_px"), timed([1.0], "image/b", "image_px"), recording())


def ground(places, grid, key, frame="bev_m", valid=None):
    where = torch.tensor(places).unsqueeze(0)
    return Tokens(torch.zeros(1, len(places), 4), where=where, frame=frame, grid=grid, key=key, valid=valid)


def test_cells_of_the_ground_pair_whatever_the_sensor():
    fine = [[x + 0.5, y + 0.5] for x in range(4) for y in range(2)]
    radar, lidar = ground(fine, (4, 2), "radar"), ground(fine, (4, 2), "lidar", valid=torch.arange(8)[None] != 3)
    assert pair_tokens(radar, lidar, recording()).index[:, 1:].tolist() == [[i, i] for i in range(8) if i != 3]
    coarse = ground([[1.0, 1.0], [3.0, 1.0]], (2, 1), "lidar")
    assert pair_tokens(radar, coarse, recording()).index[:, 1:].tolist() == [[i, i // 4] for i in range(8)]


def test_grids_of_one_shape_in_other_places_or_frames_are_not_one_grid():
    here, ahead = ([[x + 0.5, 0.5] for x in range(first, first + 3)] for first in (0, 2))
    pairs = pair_tokens(ground(here, (3, 1), "radar"), ground(ahead, (3, 1), "lidar"), recording())
    assert [2, 0] in pairs.index[:, 1:].tolist()
    assert [0, 0] not in pairs.index[:, 1:].tolist()
    with pytest.raises(ValueError, match="cannot be paired"):
        pair_tokens(ground(here, (3, 1), "a", "lidar_m"), ground(here, (3, 1), "b", "lidar_m"), recording())
