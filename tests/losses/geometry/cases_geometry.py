"""The losses between maps and points, for the tests that every loss passes."""

from functools import partial

import torch
from torch import Tensor

from losses.case import ROWS, TOKENS, B, Case, D, N
from losses.geometry import slow_geometry as slow
from losses.slow import per_item
from xmodal import losses

STATEFUL = {"MEALoss"}

MAPS = (B, 3, 3, 4)
CELLS = (B, 3, 4)
SAMPLE = torch.tensor([0, 0, 1, 2, 2, 3, 4, 5, 5])


def _points(rows: Tensor | None) -> Tensor:
    """Five points a box, some of them beyond the border."""
    points = torch.rand(len(SAMPLE), 5, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64) * 6 - 1
    return points[_renumbered(rows) >= 0]


def _sample(rows: Tensor | None) -> Tensor:
    numbers = _renumbered(rows)
    return numbers[numbers >= 0]


def _renumbered(rows: Tensor | None) -> Tensor:
    """[M], the place of each box's sample among the given rows, -1 for boxes of samples that are not given."""
    kept = torch.arange(B) if rows is None else torch.arange(B)[rows]
    place = torch.full((B,), -1)
    place[kept] = torch.arange(len(kept))
    return place[SAMPLE]


def _integers(rows: Tensor | None, *, seed: int, low: int, high: int, shape: tuple[int, ...]) -> Tensor:
    made = torch.randint(low, high, shape, generator=torch.Generator().manual_seed(seed))
    return made if rows is None else made[rows]


BOXES = {"points": _points, "sample": _sample}
segments = partial(_integers, low=-1, high=4, shape=(B, 7))
foreground = partial(Case, shape=MAPS, mask_shapes=ROWS, extras={"foreground": CELLS}, not_negative=("foreground",))
whole = partial(foreground, has_items=False)  # all cells of the batch share one sum of weights

CASES = {
    "masked-map": whole(losses.masked_map_loss, losses.MaskedMapLoss, slow=slow.masked_map),
    "masked-map-released": whole(
        losses.masked_map_loss, losses.MaskedMapLoss, slow=slow.masked_map, options={"form": "released"}
    ),
    "mask-scaling": whole(losses.mask_scaling_loss, losses.MaskScalingLoss, slow=slow.mask_scaling),
    "mask-scaling-released": whole(
        losses.mask_scaling_loss, losses.MaskScalingLoss, slow=slow.mask_scaling, options={"form": "released"}
    ),
    "heatmap-response": whole(losses.heatmap_response_loss, losses.HeatmapResponseLoss, slow=slow.heatmap_response),
    "heatmap-response-released": whole(
        losses.heatmap_response_loss,
        losses.HeatmapResponseLoss,
        slow=slow.heatmap_response,
        options={"form": "released"},
        zero_at_identity=False,  # it halves the teacher's logits only
        detects_shuffling=False,
    ),
    "box-response": whole(losses.box_response_loss, losses.BoxResponseLoss, slow=slow.box_response),
    "activation-map": Case(
        losses.activation_map_loss,
        losses.ActivationMapLoss,
        MAPS,
        slow.activation_map,
        ROWS,
        options={"active_weight": 0.3, "inactive_weight": 0.2},
        positive=(),  # a weight may be 0
    ),
    "activation-mask": Case(
        losses.activation_mask_loss,
        losses.ActivationMaskLoss,
        MAPS,
        per_item(slow.activation_mask, 3),
        ROWS,
        zero_at_identity=False,  # a sigmoid against 0 or 1
    ),
    "proposal-map": Case(
        losses.proposal_map_loss,
        losses.ProposalMapLoss,
        MAPS,
        slow.proposal_map,
        ROWS,
        options={"threshold": 0.7, "object_weight": 3.0, "false_weight": 0.5},
        positive=(),
        extras={"student_heatmap": (B, 2, 3, 4), "label_heatmap": (B, 2, 3, 4)},
        has_items=False,  # cells are counted over the batch
    ),
    "quality-focal": Case(
        losses.quality_focal_loss,
        losses.QualityFocalLoss,
        MAPS,
        slow.quality_focal,
        ROWS,
        options={"exponent": 1.5, "threshold": 0.6},
        positive=(),
        has_items=False,
    ),
    "heatmap-box": Case(
        losses.heatmap_box_loss,
        losses.HeatmapBoxLoss,
        MAPS,
        slow.heatmap_box,
        ROWS,
        options={"threshold": 1.0, "beta": 0.7},
        positive=("beta",),
        extras={"heatmap": (B, 2, 3, 4)},
        not_negative=("heatmap",),
        has_items=False,
    ),
    "occupancy": Case(
        losses.occupancy_loss,
        losses.OccupancyLoss,
        (B, 1, 3, 4),
        slow.occupancy,
        ROWS,
        options={"occupancy_weight": 0.5},
        positive=(),
        extras={"predicted_occupancy": (B, 1, 3, 4), "occupancy": (B, 1, 3, 4)},
        zero_at_identity=False,  # the occupancy is predicted apart from the noise
    ),
    "masked-huber": Case(
        losses.masked_huber_loss,
        losses.MaskedHuberLoss,
        MAPS,
        slow.masked_huber,
        ROWS,
        options={"scale": (0.5, 1.0, 3.0), "delta": 0.8},
        positive=("delta",),
        extras={"valid": lambda rows: _integers(rows, seed=5, low=0, high=2, shape=CELLS).bool()},
        has_items=False,
    ),
    "margin-response": Case(
        losses.margin_response_loss,
        losses.MarginResponseLoss,
        (B, D),
        per_item(slow.margin_response, 1),
        ROWS,
        options={"margin": 0.3},
    ),
    "margin-response-tokens": Case(
        losses.margin_response_loss,
        losses.MarginResponseLoss,
        (B, N, D),
        per_item(slow.margin_response, 1),
        TOKENS,
        options={"margin": 0.3},
    ),
    # Superpixels of all samples are each other's negatives.
    "superpixel-contrast": Case(
        losses.superpixel_contrast_loss,
        losses.SuperpixelContrastLoss,
        (B, 7, D),
        slow.superpixel_contrast,
        ROWS,
        options={"temperature": 0.5},
        extras={"student_segments": partial(segments, seed=1), "teacher_segments": partial(segments, seed=1)},
        has_items=False,
        zero_at_identity=False,
    ),
    "superpixel-contrast-partly-shared": Case(
        losses.superpixel_contrast_loss,
        losses.SuperpixelContrastLoss,
        (B, 7, D),
        slow.superpixel_contrast,
        ROWS,
        options={"temperature": 0.5},
        extras={"student_segments": partial(segments, seed=1), "teacher_segments": partial(segments, seed=2)},
        has_items=False,
        zero_at_identity=False,
        detects_shuffling=False,  # the same points lie in other superpixels on the other side
    ),
    "lovasz": Case(
        losses.lovasz_loss,
        losses.LovaszLoss,
        (B, D),
        slow.lovasz,
        ROWS,
        classes=D,
        teacher=False,
        has_items=False,
        zero_at_identity=False,
        detects_shuffling=False,
    ),
    "lovasz-tokens": Case(
        losses.lovasz_loss,
        losses.LovaszLoss,
        (B, N, D),
        slow.lovasz,
        TOKENS,
        options={"ignore_label": 2},
        positive=(),
        classes=D,
        teacher=False,
        has_items=False,
        zero_at_identity=False,
        detects_shuffling=False,
    ),
}
for _form in ("paper", "released"):
    _keypoints = partial(Case, shape=MAPS, mask_shapes=ROWS, extras=BOXES, options={"form": _form}, has_items=False)
    CASES |= {
        f"affinity-matrix-{_form}": Case(
            losses.affinity_matrix_loss,
            losses.AffinityMatrixLoss,
            MAPS,
            slow.affinity_matrix,
            ROWS,
            options={"sizes": (3, 2), "form": _form},
        ),
        f"keypoint-feature-{_form}": _keypoints(
            losses.keypoint_feature_loss, losses.KeypointFeatureLoss, slow=slow.keypoint_feature
        ),
        f"keypoint-relation-{_form}": _keypoints(
            losses.keypoint_relation_loss, losses.KeypointRelationLoss, slow=slow.keypoint_relation
        ),
    }
