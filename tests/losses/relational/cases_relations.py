"""The losses between the samples of a batch and those of the CLIP family, for the tests that every loss passes."""

from functools import partial
from typing import Any

from losses.case import ROWS, TOKENS, B, Case, D, N
from losses.relational import slow, slow_relations
from losses.relational.slow_relations import in_blocks
from losses.slow import per_item
from xmodal import losses

STATEFUL = {"FusedContrastiveLoss"}

WIDER = D + 3
TEXTS = {"student_text": (B, D), "teacher_text": (B, D)}
SCALES = {"student_scale": 3.0, "teacher_scale": 5.0}

batch = partial(Case, shape=(B, D), mask_shapes=ROWS, has_items=False)
# The texts of these cases have nothing to do with their images: not even a perfect student reaches zero, and moving
# the teacher's images alone makes no sense. `test_clip_relations.py` has pairs that belong together.
clip = partial(Case, shape=(B, D), mask_shapes=ROWS, extras=TEXTS, zero_at_identity=False, detects_shuffling=False)


def blocks(make: Any, slow: Any, options: Any = None, chunk: int = 4, **more: Any) -> Case:
    """The case with 4 + 2 rows of the matrix in memory at a time."""
    return make(slow=in_blocks(slow), options={**(options or {}), "chunk": chunk}, **more)


distance = partial(batch, losses.rkd_distance_loss, losses.RKDDistanceLoss, teacher_width=WIDER)
angle = partial(batch, losses.rkd_angle_loss, losses.RKDAngleLoss, teacher_width=WIDER)
contrastive = partial(
    Case, losses.contrastive_loss, losses.ContrastiveLoss, shape=(B, D), mask_shapes=ROWS, zero_at_identity=False
)
similarity = partial(batch, losses.similarity_preserving_loss, losses.SimilarityPreservingLoss, teacher_width=WIDER)
pkt = partial(batch, losses.pkt_loss, losses.PKTLoss, teacher_width=WIDER)
congruence = partial(batch, losses.correlation_congruence_loss, losses.CorrelationCongruenceLoss, teacher_width=WIDER)
neighbours = partial(batch, losses.neighbour_congruence_loss, losses.NeighbourCongruenceLoss, order_free=False)
pairwise = partial(
    Case,
    losses.pairwise_affinity_loss,
    losses.PairwiseAffinityLoss,
    shape=(B, N, D),
    mask_shapes=ROWS,
    teacher_width=WIDER,
)
feature = partial(Case, losses.clip_feature_loss, losses.CLIPFeatureLoss)
affinity = partial(
    clip,
    losses.clip_affinity_loss,
    losses.CLIPAffinityLoss,
    teacher_width=WIDER,
    extras={"student_text": (B, D), "teacher_text": (B, WIDER)},
)
cross_kd = partial(clip, losses.clip_cross_kd_loss, losses.CLIPCrossKDLoss)
gradient = partial(clip, losses.clip_gradient_loss, losses.CLIPGradientLoss)
interactive = partial(clip, losses.interactive_contrastive_loss, losses.InteractiveContrastiveLoss)
vertical = partial(clip, losses.vertical_relation_loss, losses.VerticalRelationLoss)
# What each of the two matrices learns from is held fixed, which a numerical gradient does not know.
cross = partial(clip, losses.cross_relation_loss, losses.CrossRelationLoss, smooth=False)

BOTH_SCALES = {"image_scale": 3.0, "text_scale": 2.0}
CROSS_SCALES = {"teacher_scale": 5.0, "scale": 3.0}
KL, SOFT = {**SCALES, "form": "kl"}, {**SCALES, "form": "cross_entropy"}
RELEASED, INFONCE = {**SCALES, "form": "released"}, {**SCALES, "form": "infonce"}
EXACT_KERNEL = {"gamma": 0.7, "order": None}

CASES = {
    "rkd-distance-blocks": blocks(distance, slow.rkd_distance),
    "rkd-angle-corners": blocks(angle, slow.rkd_angle, chunk=12),
    "rkd-angle-ends": blocks(angle, slow.rkd_angle),
    "contrastive-blocks": blocks(contrastive, slow.contrastive, {"temperature": 0.2}),
    "similarity-preserving": similarity(slow=slow_relations.similarity_preserving),
    "similarity-preserving-blocks": blocks(similarity, slow_relations.similarity_preserving),
    "pkt": pkt(slow=slow_relations.pkt),
    "pkt-blocks": blocks(pkt, slow_relations.pkt),
    "correlation-congruence": congruence(
        slow=slow_relations.correlation_congruence, options={"gamma": 0.7, "order": 3}
    ),
    "correlation-congruence-blocks": blocks(congruence, slow_relations.correlation_congruence, EXACT_KERNEL),
    "neighbour-congruence": neighbours(slow=slow_relations.neighbour_congruence),
    "pairwise-affinity": pairwise(slow=slow_relations.pairwise_affinity),
    "pairwise-affinity-blocks": blocks(pairwise, slow_relations.pairwise_affinity),
    "clip-feature": feature(shape=(B, D), mask_shapes=ROWS, slow=per_item(slow_relations.clip_feature, 1)),
    "clip-feature-tokens": feature(shape=(B, N, D), mask_shapes=TOKENS, slow=per_item(slow_relations.clip_feature, 1)),
    "clip-affinity": affinity(slow=slow_relations.clip_affinity, options=KL),
    "clip-affinity-soft": affinity(slow=slow_relations.clip_affinity, options=SOFT),
    "clip-affinity-blocks": blocks(affinity, slow_relations.clip_affinity, KL),
    "clip-cross-kd": cross_kd(slow=slow_relations.clip_cross_kd, options=CROSS_SCALES),
    "clip-cross-kd-blocks": blocks(cross_kd, slow_relations.clip_cross_kd, CROSS_SCALES),
    "clip-gradient": gradient(slow=slow_relations.clip_gradient, options=RELEASED),
    "clip-gradient-infonce": gradient(slow=slow_relations.clip_gradient, options=INFONCE),
    "clip-gradient-blocks": blocks(gradient, slow_relations.clip_gradient, INFONCE),
    "interactive-contrastive": interactive(slow=slow_relations.interactive_contrastive, options={"scale": 3.0}),
    "interactive-contrastive-blocks": blocks(interactive, slow_relations.interactive_contrastive, {"scale": 3.0}),
    "vertical-relation": vertical(slow=slow_relations.vertical_relation, options=BOTH_SCALES),
    "vertical-relation-blocks": blocks(vertical, slow_relations.vertical_relation, BOTH_SCALES),
    "cross-relation": cross(slow=slow_relations.cross_relation, options={"scale": 3.0}),
    "cross-relation-blocks": blocks(cross, slow_relations.cross_relation, {"scale": 3.0}),
}
