"""Losses on maps and points: RadarDistill, UniDistill, BEVDistill, 2DPASS, SLidR, AMFD."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from golden.entry import Entry, Golden
from golden.inputs import wave
from xmodal.losses import (
    MEALoss,
    MEATerms,
    activation_map_loss,
    activation_mask_loss,
    binary_kd_loss,
    box_keypoints,
    box_mask,
    box_response_loss,
    gaussian_mask,
    heatmap_response_loss,
    info_nce_loss,
    kd_loss,
    keypoint_feature_loss,
    keypoint_relation_loss,
    lovasz_loss,
    masked_map_loss,
    proposal_map_loss,
    superpixel_contrast_loss,
)
from xmodal.losses.geometry.mea import KAIST

RADAR, UNI, BEV = "radardistill", "unidistill", "bevdistill/dense_and_infonce"


def _responding(entry: Entry, name: str, silent: Tensor) -> Tensor:
    return entry.input(name).relu() * ~silent.view(8, 8)


def _low(entry: Entry, name: str) -> tuple[Tensor, Tensor]:
    cell = torch.arange(64)
    return _responding(entry, name, cell % 4 >= 2), _responding(entry, "low_lidar", cell % 3 == 0)


def _first_low(entry: Entry) -> tuple[Tensor, Tensor]:
    return _low(entry, "low_radar (8x_2)")


def _heatmaps(entry: Entry) -> tuple[Tensor, Tensor]:
    ours = [entry.input(f"radar_hm_logits{i}(x-2)") - 2 for i in (0, 1)]
    labels = [2 * entry.input(f"gt_heatmap{i}(sigmoid(2x-2))") - 2 for i in (0, 1)]
    return torch.cat(ours, dim=1).sigmoid(), torch.cat(labels, dim=1).sigmoid()


def _high(entry: Entry) -> Tensor:
    maps = [(entry.input(f"high_radar{level}"), entry.input(f"high_lidar{level}")) for level in ("", "_8x")]
    terms = [proposal_map_loss(ours, theirs, *_heatmaps(entry)) for ours, theirs in maps]
    return torch.stack(terms).mean()


def _low_total(entry: Entry) -> Tensor:
    pairs = [_low(entry, name) for name in ("low_radar (8x_2)", "low_radar_de_8x (8x_1)")]
    terms = [(activation_map_loss(*pair) + activation_mask_loss(*pair)) / 2 for pair in pairs]
    return 5 * torch.stack(terms).sum()


def _counts(entry: Entry) -> Tensor:
    """How many cells count as objects, and how many as false claims: those whose differences have a gradient."""
    counts = []
    for weights in ({"object_weight": 1.0, "false_weight": 0.0}, {"object_weight": 0.0, "false_weight": 1.0}):
        student = entry.leaf("student", wave((2, 6, 8, 8), 0.5, 2, 0.05))
        loss = proposal_map_loss(student, entry.input("high_lidar"), *_heatmaps(entry), **weights)
        (grad,) = torch.autograd.grad(loss, student)
        counts.append(grad.any(1).sum())
    return torch.stack(counts)


def _boxes(entry: Entry) -> tuple[Tensor, Tensor]:
    valid = torch.tensor(entry.given("valid"), dtype=torch.bool)
    boxes = torch.tensor(entry.given("boxes"), dtype=entry.dtype)
    return boxes[valid], valid.nonzero()[:, 0]


def _at_keypoints(entry: Entry, loss: Golden, kind: str) -> Tensor:
    boxes, sample = _boxes(entry)
    maps = entry.input(f"{kind}_student"), entry.input(f"{kind}_teacher")
    return loss(*maps, box_keypoints(boxes), sample, form="released")


def _bumps(entry: Entry) -> Tensor:
    boxes, sample = _boxes(entry)
    boxes = boxes * torch.tensor([1, 1, 3, 3, 1])
    return gaussian_mask(boxes, sample, shape=(2, 16, 16), min_overlap=0.7, min_radius=0)


def _response_cls(entry: Entry) -> Tensor:
    student = torch.cat([entry.input(f"student_hm(sigmoid applied)_task{i}") for i in (0, 1)], dim=1)
    teacher = torch.cat([entry.input(f"teacher_hm_logits_task{i}") for i in (0, 1)], dim=1)
    return heatmap_response_loss(student, teacher, _bumps(entry), form="released")


def _response_reg(entry: Entry) -> Tensor:
    maps = ("reg", "height", "dim", "rot", "vel", "iou")
    both = [
        torch.cat([entry.input(f"{side}_{name}_task{i}") for i in (0, 1) for name in maps], dim=1)
        for side in ("student", "teacher")
    ]
    return box_response_loss(*both, _bumps(entry))


def _bev_foreground(entry: Entry) -> Tensor:
    boxes = torch.tensor(entry.given("boxes"), dtype=entry.dtype)[:, [0, 1, 3, 4, 6]]
    boxes[:, :2] += 51.2
    boxes[:, :4] /= 0.8 * 8
    return gaussian_mask(boxes, torch.zeros(len(boxes), dtype=torch.long), shape=(1, 16, 16))


def _fit(entry: Entry, foreground: Tensor) -> Tensor:
    return masked_map_loss(entry.input("student_bev"), entry.input("teacher_bev"), foreground, form="released")


def _projected(entry: Entry, side: str) -> Tensor:
    p = entry.parameters("params:moco.")

    def linear(x: Tensor, name: str) -> Tensor:
        return F.linear(x, p[f"moco.{name}.weight"], p[f"moco.{name}.bias"])

    x = entry.input(f"{side}_feats")
    for name in (f"{side}_projs.0.0", f"{side}_projs.1.0", f"encoder_{side}.0"):
        x = linear(x, name)
    norm = p[f"moco.encoder_{side}.1.weight"], p[f"moco.encoder_{side}.1.bias"]
    return linear(F.batch_norm(x, None, None, *norm, training=True).relu(), f"encoder_{side}.3")


def _info_nce(entry: Entry) -> Tensor:
    # The teacher's rows look for the student's.
    loss = info_nce_loss(_projected(entry, "pts"), _projected(entry, "img"), temperature=0.07, trained="both")
    return 0.2 * loss


def _seg(entry: Entry, loss: Golden) -> Tensor:
    return loss(entry.input("pts_pred"), entry.targets("labels"))


def _points_and_pixels(entry: Entry) -> tuple[Tensor, Tensor]:
    points = F.normalize(entry.input("output_points (N,C)(normalised)"))
    return points, F.normalize(entry.input("output_images (B,C,H,W)(normalised dim1)")).permute(0, 2, 3, 1)


def _paired_pixels() -> tuple[Tensor, Tensor, Tensor]:
    """Image, row and column of the pixel of each of the first 22 points."""
    pair = torch.arange(22)
    return pair % 2, 2 * pair % 2, (5 * pair + 1) % 6


def _slidr(entry: Entry) -> Tensor:
    points, pixels = _points_and_pixels(entry)
    image, row, column = _paired_pixels()
    superpixels = (torch.arange(4)[:, None] // 2 * 3 + torch.arange(6) // 2).expand(2, 4, 6)
    by_image = torch.stack([points[:22][image == i] for i in (0, 1)])  # [2, 11, C]
    segments = torch.stack([superpixels[image, row, column][image == i] for i in (0, 1)])
    return superpixel_contrast_loss(by_image, pixels.flatten(1, 2), segments, superpixels.flatten(1))


def _ppkt(entry: Entry) -> Tensor:
    points, pixels = _points_and_pixels(entry)
    return info_nce_loss(points[:22], pixels[_paired_pixels()], temperature=0.07)


def _mea(entry: Entry) -> tuple[MEALoss, tuple[Tensor, Tensor, Tensor]]:
    assert entry.given("temp") == KAIST["temperature"]
    loss = MEALoss(8, 8, **KAIST).to(entry.dtype)
    names = {"conv_mask": "attend", "channel_add_conv": "transform"}
    state = {}
    for name, value in entry.parameters().items():
        block, *rest = name.split(".")
        part, side = block.rsplit("_", 1)
        owner = {"s": "student", "t": "teacher"}[side]
        state[".".join([f"{owner}_context", names[part], *rest])] = value
    loss.load_state_dict(state)
    boxes = [torch.tensor(own, dtype=entry.dtype) for own in entry.given("boxes")]
    sample = torch.repeat_interleave(torch.tensor([len(own) for own in boxes]))
    height, width = entry.given("batch_input_shape (H,W)")
    scaled = torch.cat(boxes) / torch.tensor([width, height, width, height]) * torch.tensor([8, 6, 8, 6])
    foreground = box_mask(scaled, sample, shape=(2, 6, 8), weight="inverse_area", cells="released")
    return loss, (entry.input("preds_S"), entry.input("preds_T"), foreground)


def _mea_terms(entry: Entry) -> MEATerms:
    loss, maps = _mea(entry)
    return loss.terms(*maps)


def _mea_total(entry: Entry) -> Tensor:
    loss, maps = _mea(entry)
    return loss(*maps)


CASES: dict[tuple[str, str], Golden] = {
    (RADAR, "low_feature"): lambda e: activation_map_loss(*_first_low(e)),
    (RADAR, "low_mask"): lambda e: activation_mask_loss(*_first_low(e)),
    (RADAR, "low_x5"): _low_total,
    (RADAR, "high"): _high,
    (RADAR, "high_x25"): lambda e: 25 * _high(e),
    (RADAR, "total"): lambda e: 25 * _high(e) + _low_total(e),
    (RADAR, "counts_TPFN_FP"): _counts,
    (UNI, "feature"): partial(_at_keypoints, loss=keypoint_feature_loss, kind="feature"),
    (UNI, "relation"): partial(_at_keypoints, loss=keypoint_relation_loss, kind="bev"),
    (UNI, "response_cls"): _response_cls,
    (UNI, "response_reg"): _response_reg,
    (UNI, "corners_box0"): lambda e: box_keypoints(_boxes(e)[0])[0, :4],
    (UNI, "gaussian_mask_sum"): lambda e: _bumps(e).sum(),
    (BEV, "fit_gt"): lambda e: _fit(e, _bev_foreground(e)),
    (BEV, "fit_uniform"): lambda e: _fit(e, torch.ones(1, 16, 16)),
    (BEV, "fg_sum"): lambda e: _bev_foreground(e).to(e.dtype).sum(),
    (BEV, "fg_max"): lambda e: _bev_foreground(e).max(),
    (BEV, "heatmap_bce"): lambda e: binary_kd_loss(e.input("student_hm"), e.input("teacher_hm")),
    (BEV, "moco_infonce_x0.2"): _info_nce,
    # The source's mean runs over points and classes: 1/7 of ours.
    ("2dpass/xm_kl_and_seg", "xm"): lambda e: kd_loss(e.input("pts_pred"), e.input("fuse_pred"), temperature=1.0) / 7,
    ("2dpass/xm_kl_and_seg", "lovasz_ignore0"): partial(_seg, loss=partial(lovasz_loss, ignore_label=0)),
    ("slidr", "slidr"): _slidr,
    ("slidr", "ppkt_all_pairs"): _ppkt,
    ("amfd/mea", "total"): _mea_total,
    ("amfd/mea", "att"): lambda e: _mea_terms(e).attention,
    ("amfd/mea", "relation"): lambda e: _mea_terms(e).relation,
    ("amfd/mea", "fg"): lambda e: _mea_terms(e).foreground,
}

NOT_OURS = {
    ("2dpass/xm_kl_and_seg", "ce_ignore0"): "the cross-entropy with labels, torch's own function",
}
