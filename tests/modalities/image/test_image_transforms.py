"""Image transforms: exact cases, bounds of the draws, colours."""

import pytest
import torch
from torch import Tensor

from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import EntryTransform, seeded
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.image.transforms import ColorJitter, HorizontalFlip, RandomCrop, RandomResizedCrop, Resize

UV = torch.tensor([[0.0, 0], [0.5, 0.5], [7.9, 3.9], [4.0, 2.0], [torch.nan, torch.nan]])


def numbered() -> Sample:
    """A 4 x 8 image whose first channel numbers the pixels, with a label that does the same."""
    image = torch.zeros(3, 4, 8, dtype=torch.uint8)
    image[0] = torch.arange(32).view(4, 8)
    return Sample(
        "s",
        {"image": image, "lidar": Rows(torch.zeros(5, 4))},
        {("lidar", "image"): Rows(UV), ("image", "thermal"): Rows(torch.arange(64.0).view(32, 2))},
        {"seg": {"image": image[0].long()}, "height": {"image": image[0].float()}, "whole": torch.tensor(3)},
    )


def image_of(sample: Sample) -> Tensor:
    entry = sample.entries["image"]
    assert isinstance(entry, Tensor)
    return entry


def uv_of(sample: Sample) -> Tensor:
    return sample.links[("lidar", "image")].values


def test_flip_mirrors_pixels_labels_and_points() -> None:
    out, params = HorizontalFlip(1.0)(numbered())
    assert params == {"flip": True}
    assert image_of(out)[0, 0].tolist() == [7, 6, 5, 4, 3, 2, 1, 0]
    assert torch.equal(out.labels["seg"]["image"], image_of(out)[0].long())  # type: ignore[index,call-overload]
    assert torch.allclose(uv_of(out)[1:4], torch.tensor([[7.5, 0.5], [0.1, 3.9], [4.0, 2.0]]))
    assert uv_of(out)[4].isnan().all()
    assert out.links[("image", "thermal")].values[0].tolist() == [14, 15]


def test_a_point_on_the_left_edge_stays_in_the_mirrored_image() -> None:
    out, _ = HorizontalFlip(1.0)(numbered())
    assert uv_of(out)[0, 0] < 8
    assert image_of(out)[0, 0, int(uv_of(out)[0, 0])] == 0


def test_flipping_twice_changes_nothing() -> None:
    twice, _ = HorizontalFlip(1.0)(HorizontalFlip(1.0)(numbered())[0])
    assert torch.equal(image_of(twice), image_of(numbered()))
    assert torch.allclose(uv_of(twice)[:4], UV[:4], atol=1e-6)


def test_crop_shifts_points_and_drops_those_outside() -> None:
    out, _ = RandomCrop((2, 4))(numbered(), {"box": [1, 4, 2, 4]})
    assert image_of(out)[0].tolist() == [[12, 13, 14, 15], [20, 21, 22, 23]]
    assert uv_of(out)[3].tolist() == [0, 1]
    assert uv_of(out)[[0, 1, 2, 4]].isnan().all()
    assert out.labels["seg"]["image"].tolist() == [[12, 13, 14, 15], [20, 21, 22, 23]]  # type: ignore[index,call-overload,union-attr]
    assert out.links[("image", "thermal")].values[0].tolist() == [24, 25]


def test_resize_scales_points_and_takes_the_nearest_label() -> None:
    out, params = Resize((8, 16))(numbered())
    assert params == {"size": [8, 16]}
    assert image_of(out).shape == (3, 8, 16)
    assert image_of(out).dtype == torch.uint8
    assert torch.allclose(uv_of(out)[:4], UV[:4] * 2)
    label = out.labels["seg"]["image"]  # type: ignore[index,call-overload]
    assert torch.equal(label, torch.arange(32).view(4, 8).repeat_interleave(2, 0).repeat_interleave(2, 1))
    half, _ = Resize((2, 4))(numbered())
    assert half.labels["seg"]["image"].tolist() == [[9, 11, 13, 15], [25, 27, 29, 31]]  # type: ignore[index,call-overload,union-attr]


def test_the_whole_image_at_its_own_size_is_untouched() -> None:
    out, params = RandomResizedCrop((4, 8), scale=(1, 1), stretch=(1, 1))(numbered())
    assert params == {"box": [0, 0, 4, 8], "size": [4, 8]}
    assert torch.equal(image_of(out), image_of(numbered()))
    assert torch.equal(uv_of(out)[:4], UV[:4])


def test_drawn_windows_lie_inside_and_keep_their_bounds() -> None:
    sample, generator = Sample("s", {"image": torch.zeros(3, 60, 200)}), seeded(0)
    draw = RandomResizedCrop((32, 96), scale=(0.3, 0.8), stretch=(0.8, 1.25)).draw
    boxes = torch.tensor([draw(sample, generator)["box"] for _ in range(400)])
    top, left, height, width = boxes.unbind(1)
    assert (boxes >= 0).all()
    assert (top + height <= 60).all()
    assert (left + width <= 200).all()
    aspect = width / height / 3
    assert 0.75 < aspect.min() < 0.85
    assert 1.18 < aspect.max() < 1.32
    share = width * height / (60 * 200)
    assert 0.27 < share.min() < 0.36
    assert share.max() < 0.82
    assert len(top.unique()) > 10
    assert len(left.unique()) > 40


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_colour_jitter_without_strength_is_the_identity(dtype: torch.dtype) -> None:
    image = (torch.rand(3, 8, 9) * (255 if dtype == torch.uint8 else 1)).to(dtype)
    out, _ = ColorJitter(0, 0, 0, 0)(Sample("s", {"image": image}))
    assert image_of(out).dtype == dtype
    assert torch.allclose(image_of(out).float(), image.float(), atol=1e-6)


def jittered(image: Tensor, **changes: float) -> Tensor:
    params = {"brightness": 1.0, "contrast": 1.0, "saturation": 1.0, "hue": 0.0, **changes}
    return image_of(ColorJitter()(Sample("s", {"image": image}), params)[0])


def test_colour_jitter_does_what_each_factor_says() -> None:
    image = torch.rand(3, 16, 16) * 0.4 + 0.2
    luma = torch.tensor([0.299, 0.587, 0.114])
    grey = torch.einsum("c,chw->hw", luma, image)
    assert torch.allclose(jittered(image, brightness=1.2), image * 1.2, atol=1e-6)
    assert torch.allclose(jittered(image, contrast=0.5), image * 0.5 + 0.5 * grey.mean(), atol=1e-6)
    assert torch.allclose(jittered(image, saturation=0.0), grey.expand(3, -1, -1), atol=1e-6)
    # A third of the circle turns red into green, and greys stay grey under any turn.
    red = torch.tensor([1.0, 0, 0]).view(3, 1, 1)
    assert torch.allclose(jittered(red, hue=1 / 3), torch.tensor([0.0, 1, 0]).view(3, 1, 1), atol=1e-6)
    same = grey.expand(3, -1, -1)
    assert torch.allclose(jittered(same, hue=0.2, saturation=1.3), same, atol=1e-6)


def test_colour_jitter_clamps_and_touches_pixels_only() -> None:
    bright = jittered(torch.full((3, 4, 4), 250, dtype=torch.uint8), brightness=1.3)
    assert bright.unique().tolist() == [255]
    sample = numbered()
    out, _ = ColorJitter()(sample)
    assert out.links == sample.links
    assert out.labels == sample.labels


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_colour_jitter_replays_with_any_number_of_threads(dtype: torch.dtype) -> None:
    image = torch.randint(0, 256, (3, 200, 300), dtype=torch.uint8)
    sample = Sample("s", {"image": image if dtype == torch.uint8 else image / 255})
    threads = torch.get_num_threads()
    out, params = ColorJitter()(sample, generator=seeded(0))
    try:
        torch.set_num_threads(2)
        again, _ = ColorJitter()(sample, params)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(image_of(out), image_of(again))


def test_other_entries_of_the_kind_keep_theirs() -> None:
    image = torch.rand(3, 4, 8)
    sample = Sample("s", {"image/left": image, "image/right": image})
    out, _ = Resize((2, 4), key="image/left")(sample)
    assert out.entries["image/right"] is image


@pytest.mark.parametrize("transform", [Resize((4, 4)), HorizontalFlip(1.0), ColorJitter(), RandomResizedCrop((4, 4))])
def test_what_is_no_image_is_refused(transform: EntryTransform) -> None:
    for entry in (Rows(torch.zeros(5, 4)), torch.zeros(1, 4, 4), torch.zeros(4, 4)):
        with pytest.raises(DataError, match=r"entry 'image' of 's': expected an image \[3, H, W\]"):
            transform(Sample("s", {"image": entry}))


def test_labels_and_boxes_that_do_not_fit_are_refused() -> None:
    odd = Sample("s", {"image": torch.zeros(3, 4, 8)}, labels={"seg": {"image": torch.zeros(2, 4)}})
    with pytest.raises(DataError, match=r"dense label of 'image'.*\[4, 8\].*\[2, 4\]"):
        HorizontalFlip(1.0)(odd)
    with pytest.raises(DataError, match=r"a box inside \[4, 8\]"):
        RandomCrop((2, 2))(numbered(), {"box": [3, 0, 2, 2]})
    with pytest.raises(DataError, match=r"an image of \(5, 5\)"):
        RandomCrop((5, 5))(numbered())


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match="RandomResizedCrop"):
        RandomResizedCrop((4, 4), scale=(0.0, 1.0))
    with pytest.raises(ConfigError, match="ColorJitter"):
        ColorJitter(brightness=1.5)
