"""Transforms of volumes: exact cases, all entries alike, replay, and an input that stays as it was."""

import json

import pytest
import torch

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import Compose, seeded
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.volume import Volume, volume_sample
from xmodal.modalities.volume.rotate_scale import rotation
from xmodal.modalities.volume.transforms import (
    CenterCropPad,
    FlipLeftRight,
    GammaContrast,
    GaussianNoise,
    RandomCropPad,
    RotateScale,
    ShiftScale,
)

KEYS = ("volume/mri", "volume/pet")
JOINT = [FlipLeftRight(1.0), RotateScale(), CenterCropPad((7, 5, 12)), RandomCropPad((4, 6, 14))]
OWN = [ShiftScale(key=KEYS[0]), GammaContrast(key=KEYS[0]), GaussianNoise(key=KEYS[0])]
AFFINE = torch.tensor([[2.0, 0, 0, 10], [0, 1, 0, 20], [0, 0, 3, 30], [0, 0, 0, 1]], dtype=torch.float64)


def sample(shape=(6, 8, 10)) -> Sample:
    volumes = {key: Volume(torch.rand(1, *shape), AFFINE) for key in KEYS}
    labels = {"seg": {KEYS[0]: torch.randint(0, 5, shape)}, "depth": {KEYS[1]: torch.rand(shape)}}
    base = volume_sample("s", volumes, labels)
    places = torch.rand(9, 3) * torch.tensor([float(n - 1) for n in shape[::-1]])
    link = {("electrodes", KEYS[0]): Rows(places)}
    return Sample("s", {**base.entries, "electrodes": Rows(torch.rand(9, 3))}, link, base.labels, base.meta)


def tensors(s: Sample):
    found = {f"entry {k}": v for k, v in s.entries.items() if k in KEYS}
    found |= {f"{task} {key}": v for task, label in s.labels.items() for key, v in label.items()}
    found |= {f"link {k}": v.values for k, v in s.links.items()}
    return found | {f"affine {k}": v for k, v in s.meta["affine"].items()}


def spot(shape=(9, 11, 13), place=(4, 5, 6)) -> Volume:
    """One bright voxel at (z, y, x)."""
    data = torch.zeros(1, *shape)
    data[(0, *place)] = 1
    return Volume(data, AFFINE)


@pytest.mark.parametrize("transform", [*JOINT, *OWN, Compose([*JOINT[:3], *OWN])], ids=lambda t: type(t).__name__)
def test_recorded_params_replay_exactly_and_the_input_stays(transform):
    given = sample()
    before = {name: value.clone() for name, value in tensors(given).items()}
    out, params = transform(given, generator=seeded(3))
    again, _ = transform(given, json.loads(json.dumps(params)))
    for name, value in tensors(out).items():
        assert torch.equal(value.nan_to_num(), tensors(again)[name].nan_to_num()), name
    assert all(torch.equal(value, before[name]) for name, value in tensors(given).items())
    assert any(not torch.equal(v, before[n]) for n, v in tensors(out).items() if v.shape == before[n].shape) or any(
        v.shape != before[n].shape for n, v in tensors(out).items()
    )


@pytest.mark.parametrize("transform", JOINT, ids=lambda t: type(t).__name__)
def test_all_volumes_on_the_grid_move_alike(transform):
    data = torch.rand(1, 6, 8, 10)
    twins = volume_sample("s", {key: Volume(data, AFFINE) for key in KEYS})
    out, _ = transform(twins, generator=seeded(1))
    assert torch.equal(out.entries[KEYS[0]], out.entries[KEYS[1]])
    assert torch.equal(out.meta["affine"][KEYS[0]], out.meta["affine"][KEYS[1]])


@pytest.mark.parametrize("transform", JOINT, ids=lambda t: type(t).__name__)
def test_a_missing_sensor_changes_nothing_for_the_other(transform):
    both = sample()
    one = Sample("s", {KEYS[1]: both.entries[KEYS[1]]}, meta={"affine": {KEYS[1]: AFFINE}})
    out, params = transform(both, generator=seeded(2))
    assert torch.equal(transform(one, params)[0].entries[KEYS[1]], out.entries[KEYS[1]])
    empty = Sample("s", {"image": torch.zeros(3, 4, 4)})
    assert transform(empty) == (empty, {})


@pytest.mark.parametrize("transform", JOINT, ids=lambda t: type(t).__name__)
def test_volumes_on_two_grids_are_refused_unless_named(transform):
    shapes = volume_sample("s", {KEYS[0]: spot(), KEYS[1]: spot((9, 11, 12))})
    moved = AFFINE.clone()
    moved[0, 3] += 1
    places = volume_sample("s", {KEYS[0]: spot(), KEYS[1]: Volume(spot().data, moved)})
    for given in (shapes, places):
        with pytest.raises(DataError, match="volumes on one grid"):
            transform(given)
    only = FlipLeftRight(1.0, keys=KEYS[:1])
    out, _ = only(shapes)
    assert out.entries[KEYS[1]] is shapes.entries[KEYS[1]]
    assert torch.equal(out.entries[KEYS[0]], spot().data.flip(-1))


def test_a_flip_swaps_left_and_right_and_keeps_the_rest():
    given = volume_sample(
        "s", {KEYS[0]: spot(place=(1, 2, 3))}, {"seg": {KEYS[0]: spot(place=(1, 2, 3)).data[0].long()}}
    )
    linked = Sample("s", given.entries, {("e", KEYS[0]): Rows(torch.tensor([[3.0, 2, 1]]))}, given.labels, given.meta)
    out, _ = FlipLeftRight(1.0)(linked)
    assert out.entries[KEYS[0]][0].nonzero().tolist() == [[1, 2, 9]]
    assert out.labels["seg"][KEYS[0]].nonzero().tolist() == [[1, 2, 9]]
    assert out.links[("e", KEYS[0])].values.tolist() == [[9, 2, 1]]
    assert torch.equal(out.meta["affine"][KEYS[0]], AFFINE)
    assert FlipLeftRight(0.0)(given)[0] is given


def test_a_quarter_turn_about_z_turns_millimetres_not_voxels():
    # Voxels are 2 mm along x and 1 mm along y: 2 voxels to the right become 4 voxels to the front.
    given = volume_sample("s", {KEYS[0]: spot(place=(4, 5, 8))})
    out, _ = RotateScale()(given, {"degrees": [0, 0, 90], "scale": 1.0, "spacing_mm": [2.0, 1.0, 3.0]})
    assert out.entries[KEYS[0]][0, 4, 9, 6] == pytest.approx(1, abs=1e-6)
    assert RotateScale(0).draw(given, None)["spacing_mm"] == [2.0, 1.0, 3.0]
    bare = Sample("s", given.entries)
    assert RotateScale(spacing_mm=(1, 2, 3)).draw(bare, None)["spacing_mm"] == [1, 2, 3]


def test_a_scale_above_one_enlarges_about_the_middle():
    given = volume_sample("s", {KEYS[0]: spot(place=(4, 5, 8))})
    out, _ = RotateScale()(given, {"degrees": [0, 0, 0], "scale": 2.0, "spacing_mm": [2.0, 1.0, 3.0]})
    peak = out.entries[KEYS[0]][0].flatten().argmax()
    assert torch.unravel_index(peak, (9, 11, 13)) == (4, 5, 10)


def test_places_labels_and_intensities_turn_together():
    ramp = torch.stack(torch.meshgrid(*(torch.arange(20.0) for _ in range(3)), indexing="ij")[::-1], -1)  # x, y, z
    for axis in range(3):
        data = ramp[..., axis][None]
        inner = torch.rand(40, 3) * 8 + 6
        given = volume_sample("s", {"volume": Volume(data, AFFINE)}, {"seg": {"volume": data[0].long()}})
        linked = Sample("s", given.entries, {("e", "volume"): Rows(inner)}, given.labels, given.meta)
        out, _ = RotateScale(30, 0.9, 1.2)(linked, generator=seeded(axis))
        now = out.links[("e", "volume")].values
        known = ~now.isnan().any(1)
        assert known.sum() > 20
        near = now[known].round().long()
        value = out.entries["volume"][0][near[:, 2], near[:, 1], near[:, 0]]
        seg = out.labels["seg"]["volume"][near[:, 2], near[:, 1], near[:, 0]]
        # Each place still sees the coordinate it had, but for the rounding to whole voxels.
        assert (value - inner[known, axis]).abs().max() < 4
        assert (value - inner[known, axis]).abs().mean() < 1
        assert (seg - value).abs().max() <= 0.5 + 1e-4


def test_rotation_agrees_with_scipy():
    transform = pytest.importorskip("scipy.spatial.transform")
    theirs = transform.Rotation.from_euler("xyz", [10, -20, 30], degrees=True).as_matrix()
    assert torch.allclose(rotation((10, -20, 30)), torch.from_numpy(theirs), atol=1e-12)


@pytest.mark.parametrize("size", [(4, 4, 4), (20, 20, 20), (4, 30, 13)])
def test_a_crop_keeps_every_voxel_in_its_place_in_the_body(size):
    given = volume_sample("s", {KEYS[0]: spot(place=(4, 5, 6))})
    for transform in (CenterCropPad(size, fill=-7), RandomCropPad(size, fill=-7)):
        out, _ = transform(given, generator=seeded(0))
        data, affine = out.entries[KEYS[0]], out.meta["affine"][KEYS[0]]
        assert data.shape[1:] == size
        for z, y, x in (data[0] == 1).nonzero().tolist():
            mm = affine @ torch.tensor([x, y, z, 1.0], dtype=torch.float64)
            assert torch.allclose(mm, AFFINE @ torch.tensor([6, 5, 4, 1.0], dtype=torch.float64))
    out, _ = CenterCropPad(size, fill=-7)(given)
    assert (out.entries[KEYS[0]] == 1).sum() == 1


def test_padding_fills_voxels_and_ignores_labels():
    given = sample((2, 2, 2))
    out, _ = CenterCropPad((4, 2, 2), fill=-7)(given)
    assert (out.entries[KEYS[0]][:, [0, 3]] == -7).all()
    assert torch.equal(out.entries[KEYS[0]][:, 1:3], given.entries[KEYS[0]])
    assert (out.labels["seg"][KEYS[0]][[0, 3]] == -1).all()
    assert out.labels["depth"][KEYS[1]][[0, 3]].isnan().all()


def test_a_random_crop_reaches_every_place_and_links_outside_are_unknown():
    given = sample((4, 1, 1))
    starts = {RandomCropPad((2, 1, 1)).draw(given, seeded(i))["start"][0] for i in range(40)}
    assert starts == {0, 1, 2}
    linked = Sample(
        "s", {"volume": torch.rand(1, 4, 4, 4)}, {("e", "volume"): Rows(torch.tensor([[0.0, 0, 0], [3, 3, 3]]))}
    )
    out, _ = RandomCropPad((2, 2, 2))(linked, {"fill": 0.0, "size": [2, 2, 2], "start": [2, 2, 2]})
    assert out.links[("e", "volume")].values.nan_to_num(-1).tolist() == [[-1, -1, -1], [1, 1, 1]]


def test_intensity_changes_are_exact():
    data = torch.tensor([0.0, 1.0, 4.0]).view(1, 1, 1, 3)
    given = Sample("s", {"volume": data, "volume/other": data})
    out, _ = ShiftScale()(given, {"gain": 2.0, "offset": -1.0})
    assert out.entries["volume"].flatten().tolist() == [-1, 1, 7]
    assert out.entries["volume/other"] is data
    out, _ = GammaContrast()(given, {"gamma": 2.0})
    assert out.entries["volume"].flatten().tolist() == [0, 0.25, 4]
    flat = Sample("s", {"volume": torch.ones(1, 2, 2, 2)})
    assert GammaContrast()(flat)[0] is flat


def test_noise_has_the_spread_it_says():
    given = Sample("s", {"volume": torch.zeros(1, 30, 30, 30)})
    noise = GaussianNoise(0.2)(given, generator=seeded(0))[0].entries["volume"]
    assert float(noise.std()) == pytest.approx(0.2, rel=0.03)
    assert abs(float(noise.mean())) < 0.01


def test_wrong_entries_labels_params_and_arguments_are_named():
    with pytest.raises(DataError, match=r"a volume \[C, Z, Y, X\]"):
        FlipLeftRight()(Sample("s", {"volume": torch.zeros(3, 4, 4)}))
    with pytest.raises(DataError, match="dense label"):
        FlipLeftRight(1.0)(
            Sample("s", {"volume": torch.zeros(1, 2, 2, 2)}, labels={"seg": {"volume": torch.zeros(3, 2, 2)}})
        )
    with pytest.raises(DataError, match="params of FlipLeftRight"):
        FlipLeftRight()(sample(), {"turn": 1})
    for build in (
        lambda: CenterCropPad((1, 2)),
        lambda: RotateScale(low=0),
        lambda: GammaContrast(0),
        lambda: ShiftScale(-1),
    ):
        with pytest.raises(ConfigError, match="needs"):
            build()
