"""The classic losses between feature maps, vectors and batches, for the tests that every loss passes."""

import torch

from losses.case import ROWS, B, Case, D
from losses.features import slow_classic as slow
from losses.slow import per_item
from xmodal import losses

STATEFUL = {"CRDLoss", "VIDLoss"}

CASES = {
    "attention-transfer": Case(
        losses.attention_transfer_loss,
        losses.AttentionTransferLoss,
        (B, 2, 3, 4),
        per_item(slow.attention_transfer, 3),
        ROWS,
        teacher_width=6,
    ),
    "attention-transfer-paper": Case(
        losses.attention_transfer_loss,
        losses.AttentionTransferLoss,
        (B, 2, 3, 4),
        per_item(slow.attention_transfer, 3),
        ROWS,
        options={"power": 3.0, "form": "paper"},
    ),
    "nst": Case(losses.nst_loss, losses.NSTLoss, (B, 2, 3, 4), per_item(slow.nst, 3), ROWS, teacher_width=6),
    # The random later layers of student and teacher differ whatever the earlier ones do.
    "fsp": Case(
        losses.fsp_loss,
        losses.FSPLoss,
        (B, 2, 3, 4),
        slow.fsp,
        ROWS,
        teacher_width=6,
        extras={"student_next": (B, 3, 2, 3), "teacher_next": (B, 3, 2, 3)},
        zero_at_identity=False,
        detects_shuffling=False,
    ),
    "cwd": Case(
        losses.cwd_loss, losses.CWDLoss, (B, 2, 3, 4), per_item(slow.cwd, 3), ROWS, options={"temperature": 2.5}
    ),
    # All samples share the mean and deviation of a channel.
    "pkd": Case(losses.pkd_loss, losses.PKDLoss, (B, 2, 3, 4), slow.pkd, ROWS, has_items=False),
    "hcl": Case(losses.hcl_loss, losses.HCLLoss, (B, 2, 5, 6), per_item(slow.hcl, 3), ROWS),
    "hcl-small": Case(
        losses.hcl_loss, losses.HCLLoss, (B, 2, 3, 5), per_item(slow.hcl, 3), ROWS, options={"levels": (3, 2, 1)}
    ),
    "cat-kd": Case(losses.cat_kd_loss, losses.CATKDLoss, (B, 2, 3, 4), per_item(slow.cat_kd, 3), ROWS, teacher_width=6),
    "cat-kd-fine": Case(
        losses.cat_kd_loss,
        losses.CATKDLoss,
        (B, 2, 5, 4),
        per_item(slow.cat_kd, 3),
        ROWS,
        options={"resolution": 3},
    ),
    # Relations of a whole batch have no value per sample.
    "cka": Case(losses.cka_loss, losses.CKALoss, (B, D), slow.cka, ROWS, D + 3, has_items=False),
    "cka-few-columns": Case(losses.cka_loss, losses.CKALoss, (B, 3), slow.cka, ROWS, 2, has_items=False),
    "unbiased-cka": Case(
        losses.unbiased_cka_loss, losses.UnbiasedCKALoss, (B, D), slow.unbiased_cka, ROWS, D + 3, has_items=False
    ),
    # The median moves with the student, but no gradient flows through it, so that differences of values say nothing.
    "mmd": Case(
        losses.mmd_loss,
        losses.MMDLoss,
        (B, D),
        slow.mmd,
        ROWS,
        has_items=False,
        detects_shuffling=False,
        smooth=False,
    ),
    "mmd-fixed": Case(
        losses.mmd_loss,
        losses.MMDLoss,
        (B, D),
        slow.mmd,
        ROWS,
        options={"scales": (0.5, 3.0), "bandwidth": 4.0},
        has_items=False,
        detects_shuffling=False,
    ),
    "vid": Case(
        losses.vid_loss,
        None,
        (B, 3),
        per_item(slow.vid, 1),
        ROWS,
        options={"variance": torch.tensor([0.4, 1.0, 3.0], dtype=torch.float64)},
        zero_at_identity=False,
    ),
    "vid-maps": Case(
        losses.vid_loss,
        None,
        (B, 3, 2, 4),
        per_item(slow.vid, 3),
        ROWS,
        options={"variance": torch.tensor([0.4, 1.0, 3.0], dtype=torch.float64)},
        zero_at_identity=False,
    ),
    "crd": Case(
        losses.crd_loss,
        None,
        (B, D),
        slow.crd,
        ROWS,
        options={"num_samples": 50, "normaliser": 80.0, "temperature": 1.5},
        extras={"negatives": (B, 4, D)},
        zero_at_identity=False,
    ),
}
