"""Views of a picture: edges and fine detail by hand, the adapter's contract, the joint of views from outside."""

import pytest
import torch

from xmodal.adapter import Need
from xmodal.errors import ConfigError, XmodalError
from xmodal.modalities.image import TimmImage, Views
from xmodal.modalities.image.views import edge_map, fine_detail, unit_image
from xmodal.testing import check_adapter


def step(size=8):
    image = torch.zeros(1, 3, size, size, dtype=torch.uint8)
    image[..., size // 2 :] = 255
    return image


def test_contract():
    check_adapter(Views())


def test_a_step_from_black_to_white_is_an_edge_of_one_and_the_rest_is_flat():
    found = edge_map(step())
    assert found.shape == (1, 3, 8, 8)
    torch.testing.assert_close(found[..., 3:5], torch.ones(1, 3, 8, 2))
    assert found[..., [0, 1, 2, 5, 6, 7]].abs().max() < 1e-6
    torch.testing.assert_close(edge_map(step().transpose(2, 3)), found.transpose(2, 3))


def test_fine_detail_is_grey_where_nothing_changes_and_turns_with_the_contrast():
    flat = torch.full((1, 3, 16, 16), 0.3)
    torch.testing.assert_close(fine_detail(flat), torch.full_like(flat, 0.5))
    image = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(fine_detail(1 - image), 1 - fine_detail(image))
    assert fine_detail(image).min() >= 0
    assert fine_detail(image).max() <= 1


def test_the_same_picture_gives_the_same_views_as_bytes_and_as_floats():
    image = torch.randint(0, 256, (2, 3, 12, 10), dtype=torch.uint8)
    for view in (unit_image, edge_map, fine_detail):
        assert torch.equal(view(image), view(image))
        torch.testing.assert_close(view(image), view(image.float() / 255))


def test_every_view_is_seen_by_its_own_adapter_and_the_upper_part_joins_them():
    torch.manual_seed(0)
    views, batch = Views().eval(), Views.example(3)
    with torch.no_grad():
        whole = views(batch, Need(pooled=True))
        each = torch.stack([part.pooled for part in whole.parts.values()], 1)
        torch.testing.assert_close(whole.pooled, each.mean(1))
        torch.testing.assert_close(views.upper(batch, each, None, -1, None).pooled, whole.pooled)
        plain = views.parts["rgb"](batch, Need(pooled=True)).pooled
    torch.testing.assert_close(whole.parts["rgb"].pooled, plain)
    assert len({float(part.pooled.sum()) for part in whole.parts.values()}) == 3


def test_what_is_no_view_is_refused():
    with pytest.raises(XmodalError, match="unknown view 'depth'"):
        Views({"depth": TimmImage("test_resnet")})
    with pytest.raises(ConfigError, match="expected an adapter that reads 'image'"):
        Views({"rgb": TimmImage("test_resnet", key="image/left")})
    with pytest.raises(ValueError, match="expected layer -1"):
        Views().upper(Views.example(2), torch.zeros(2, 3, 4), None, 0, None)
