"""All entries of a codebook get used: the regulariser of a tokenizer that is distilled from a teacher.

HEAR, arXiv 2603.26098 (code HarunoriKawano/HEAR). Evidence: exact.
"""

from __future__ import annotations

from torch import Tensor, nn

from xmodal.losses._checks import check_mask
from xmodal.losses._items import blank, counted_rows
from xmodal.losses._precision import lift_pair


def codebook_diversity(logits: Tensor, *, mask: Tensor | None = None) -> Tensor:
    """sum_k (p_k - 1/K)², p the mean over frames of softmax(logits): from 0 to 1 - 1/K.

    Zero when the codes are used equally on average, whether or not each frame is sure of its code; largest when all
    frames choose one code. The order of frames or codes does not matter. There is no teacher and no value per frame.
    The source's tokenizer is trained by 0.7 `cosine_loss` to the teacher's frames, 0.3 `hint_loss` to the
    spectrogram, each over all valid frames of the batch, and 0.1 of this.

    Args:
        logits: [B, K] or [B, T, K] scores of K codes.
        mask: [B] or [B, T] bool, True for what counts; masking equals removing.

    Returns:
        A scalar, 0 where no frame counts; float32, or float64 for float64 logits.

    Raises:
        ValueError: shape or mask that do not fit.
    """
    if logits.ndim not in (2, 3):
        raise ValueError(f"expected logits [B, K] or [B, T, K], found {list(logits.shape)}")
    check_mask(mask, logits.shape[:-1])
    logits, _ = lift_pair(blank(logits, mask), logits)
    excess = counted_rows(logits, mask).softmax(-1) - 1 / logits.shape[-1]  # [M, K], of mean p - 1/K
    return (excess.sum(0) / max(len(excess), 1)).square().sum()


class CodebookDiversity(nn.Module):
    """`codebook_diversity` as a module; it has no hyperparameters."""

    def forward(self, logits: Tensor, *, mask: Tensor | None = None) -> Tensor:
        return codebook_diversity(logits, mask=mask)
