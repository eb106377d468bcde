"""Key points of UniDistill: where maps are read, the exchanged axes of the released code, what relations do not see."""

import pytest
import torch

from xmodal.losses import box_keypoints, keypoint_feature_loss, keypoint_relation_loss


def _inputs(height: int, width: int) -> tuple[torch.Tensor, ...]:
    maps = torch.randn(2, 2, 3, height, width, dtype=torch.float64)
    boxes = torch.tensor([[3.0, 2.5, 2.0, 3.0, 0.4], [4.0, 3.0, 3.0, 1.0, 2.0], [2.0, 4.0, 1.0, 1.0, 0.0]])
    return *maps, box_keypoints(boxes.double()), torch.tensor([1, 0, 1])


def test_a_point_in_the_middle_of_a_pixel_reads_that_pixel() -> None:
    student, teacher, _, _ = _inputs(4, 6)
    loss = keypoint_feature_loss(student, teacher, torch.tensor([[[4.5, 1.5]]]), torch.tensor([1]))
    expected = (student - teacher)[1, :, 1, 4].abs().mean() / (1 + torch.tensor(1e-4))
    torch.testing.assert_close(loss, expected)


@pytest.mark.parametrize("loss", [keypoint_feature_loss, keypoint_relation_loss])
def test_on_square_maps_the_released_form_reads_the_transposed_maps(loss) -> None:  # type: ignore[no-untyped-def]
    student, teacher, points, sample = _inputs(6, 6)
    released = loss(student, teacher, points, sample, form="released")
    torch.testing.assert_close(released, loss(student.mT, teacher.mT, points, sample))
    assert not torch.isclose(released, loss(student, teacher, points, sample), rtol=1e-3)


def test_on_other_maps_the_released_form_exchanges_shares_of_width_and_height() -> None:
    student, teacher, _, _ = _inputs(12, 20)
    point, sample = torch.tensor([[[15.5, 4.0]]]), torch.tensor([0])
    there = torch.tensor([[[4.0 / 12 * 20, 15.5 / 20 * 12]]])
    released = keypoint_feature_loss(student, teacher, point, sample, form="released")
    torch.testing.assert_close(released, keypoint_feature_loss(student, teacher, there, sample))


@pytest.mark.parametrize("loss", [keypoint_feature_loss, keypoint_relation_loss])
def test_the_order_of_boxes_does_not_matter(loss) -> None:  # type: ignore[no-untyped-def]
    student, teacher, points, sample = _inputs(5, 7)
    order = torch.tensor([2, 0, 1])
    value = loss(student, teacher, points, sample)
    torch.testing.assert_close(loss(student, teacher, points[order], sample[order]), value)


@pytest.mark.parametrize("loss", [keypoint_feature_loss, keypoint_relation_loss])
def test_without_boxes_the_loss_is_zero(loss) -> None:  # type: ignore[no-untyped-def]
    student, teacher, points, sample = _inputs(5, 7)
    value = loss(student.requires_grad_(), teacher, points[:0], sample[:0])
    value.backward()
    assert value == 0
    assert student.grad is not None
    assert not student.grad.any()


def test_points_of_masked_samples_may_be_anything() -> None:
    student, teacher, points, sample = _inputs(5, 7)
    kept = keypoint_feature_loss(student, teacher, points[1:2], sample[1:2])
    points[0], points[2] = torch.nan, torch.inf
    mask = torch.tensor([True, False])
    torch.testing.assert_close(keypoint_feature_loss(student, teacher, points, sample, mask=mask), kept)


def test_relations_do_not_see_a_rotation_of_the_channels_nor_their_number() -> None:
    student, teacher, points, sample = _inputs(5, 7)
    rotation, _ = torch.linalg.qr(torch.randn(5, 3, dtype=torch.float64))
    wider = torch.einsum("ij,bjhw->bihw", rotation, student)
    assert keypoint_relation_loss(wider, student, points, sample) < 1e-12
    loss = keypoint_relation_loss(student, teacher, points, sample)
    torch.testing.assert_close(keypoint_relation_loss(wider, teacher, points, sample), loss)
    larger = keypoint_relation_loss(1e4 * student, 1e4 * teacher, points, sample)
    torch.testing.assert_close(larger, loss, rtol=1e-2, atol=1e-4)  # but for the 1e-4 added to lengths


def test_points_that_do_not_fit_are_named() -> None:
    student, teacher, points, sample = _inputs(5, 7)
    with pytest.raises(
        ValueError, match=r"^expected points \[M, K, 2\] .* found \[3, 9, 2\] with \[2\] of torch.int64"
    ):
        keypoint_feature_loss(student, teacher, points, sample[1:])
    with pytest.raises(ValueError, match=r"^unknown form 'swapped'; known: \"paper\", \"released\"$"):
        keypoint_relation_loss(student, teacher, points, sample, form="swapped")  # type: ignore[arg-type]
