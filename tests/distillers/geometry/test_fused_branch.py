"""2DPASS: scores of points and of the fused branch, by formula; the divergence goes one way; labels and masks."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from distillers.geometry.point_frames import MODELS, TASKS, check_weight_scales, masked, point_frame
from xmodal.distillers import FusedBranch
from xmodal.losses import lovasz_loss
from xmodal.pairs import carry, pair_tokens


def connected(layers=((0, 0), (1, 1))):
    distiller = FusedBranch(teacher="t", layers=layers, width=8)
    distiller.connect(MODELS, TASKS)
    return distiller


def by_hand(distiller, frame, i):
    """z, z_fused, fused features and which tokens the image sees, of one scale."""
    scale, own, theirs = distiller.scales[i], frame.student.layers[i], frame.teachers["t"].layers[i]
    picture, reached = carry(theirs.x, pair_tokens(own, theirs, frame.batch), own.x.shape[1])
    learner = F.relu(scale.copy(own.x))
    joined = scale.join(torch.cat([picture, learner], -1))
    fused = F.relu(joined * torch.sigmoid(scale.gate(joined)))
    return scale.of_points(own.x), scale.of_both(fused), fused, reached


def seg(scores, target):
    rows = [F.cross_entropy(s, t, ignore_index=-1) for s, t in zip(scores, target, strict=True) if (t >= 0).any()]
    known = target >= 0
    return torch.stack(rows).mean() + lovasz_loss(scores[known], target[known])


def test_the_terms_are_those_of_the_source():
    frame, distiller = point_frame(), connected()
    found = distiller(frame)
    target = TASKS["segmentation"].targets(frame.labels["segmentation"], frame.student.tokens)
    target[2] = -1
    scales = [by_hand(distiller, frame, i) for i in (0, 1)]
    torch.testing.assert_close(found["points"], sum(seg(z, target) for z, *_ in scales))
    fused = [seg(z_fused, target.masked_fill(~reached, -1)) for _, z_fused, _, reached in scales]
    torch.testing.assert_close(found["fused"], torch.stack(fused).mean())
    final = distiller.classify(torch.cat([both for _, _, both, _ in scales], -1))
    torch.testing.assert_close(found["final"], seg(final, target.masked_fill(~(scales[0][3] & scales[1][3]), -1)))
    kl = []
    for z, z_fused, _, reached in scales:
        each = F.kl_div(z.log_softmax(-1), z_fused.softmax(-1), reduction="none").mean(-1)  # over classes, as 'mean'
        kl.append(torch.stack([each[b, reached[b]].mean() for b in range(3)]))
    torch.testing.assert_close(found["kl"], (kl[0] + kl[1]) / 2)
    check_weight_scales(found, frame.student.layers[0].x, frame)


def test_the_divergence_moves_the_students_scores_alone():
    frame, distiller = point_frame(), connected()
    distiller(frame)["kl"].sum().backward()
    for scale in distiller.scales:
        assert all(p.grad is not None for p in scale.of_points.parameters())
        for part in (scale.copy, scale.join, scale.gate, scale.of_both):
            assert all(p.grad is None for p in part.parameters())
    assert all(layer.x.grad is None for layer in frame.teachers["t"].layers)


def test_a_peer_learns_from_the_labels_of_the_fused_branch():
    frame, distiller = point_frame(), connected()
    along = replace(frame, teachers={}, peers=frame.teachers)
    distiller(along)["fused"].backward()
    assert all(layer.x.grad.any() for layer in along.peers["t"].layers)


def test_labels_that_are_missing_and_samples_without_image_count_nothing():
    frame, distiller = point_frame(masked(True, False, True)), connected()
    found = distiller(frame)
    assert found["kl"][1] == 0
    found["fused"].backward(retain_graph=True)
    assert not frame.student.layers[0].x.grad[1:].any()  # without image, without label
    found["points"].backward()
    assert frame.student.layers[0].x.grad[1].any()
    bare = point_frame()
    bare = replace(bare, batch=replace(bare.batch, labels={}, labelled={}))
    none = distiller(bare)
    assert none["points"] == none["fused"] == none["final"] == 0
    assert none["kl"].all()


def test_another_task_is_refused():
    with pytest.raises(ValueError, match="'depth' is no segmentation task"):
        FusedBranch("depth", teacher="t").connect(MODELS, TASKS)
