"""A small vector-quantising tokenizer of signal frames that is distilled from a teacher's frame features.

The first stage of HEAR, arXiv 2603.26098 (code HarunoriKawano/HEAR). Evidence: exact (loss, hard Gumbel choice); ours
(three convolutions, log spectra in place of mel spectra).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.losses import codebook_diversity, cosine_loss, hint_loss


class VQTokenizer(nn.Module):
    """Spectra [B, N, P] -> scores [B, N, K] of codes; the highest is a frame's token.

    Args:
        bins: P.
        teacher_width: D of the teacher's frames.
        codes: K.
        code_width: of a code.
        hidden: channels between; a frame sees one neighbour on either side.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, bins: int, teacher_width: int, *, codes: int, code_width: int, hidden: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv1d(bins, hidden, 3, padding=1), nn.GELU(), nn.Conv1d(hidden, codes, 1))
        self.codebook = nn.Linear(codes, code_width, bias=False)
        self.to_spectrum = _perceptron(code_width, hidden, bins)
        self.to_teacher = _perceptron(code_width, hidden, teacher_width)
        self.register_buffer("mean", torch.zeros(bins))
        self.register_buffer("std", torch.ones(bins))

    def forward(self, spectra: Tensor) -> Tensor:
        scores: Tensor = self.encoder(((spectra - self.mean) / self.std).transpose(1, 2))
        return scores.transpose(1, 2)

    def loss(self, spectra: Tensor, teacher: Tensor, valid: Tensor, *, temperature: float) -> Tensor:
        """0.3 MSE of spectra + 0.7 (1 - cosine) of teacher frames + 0.1 diversity, over the valid frames."""
        scores = self(spectra)
        code = self.codebook(F.gumbel_softmax(scores, tau=temperature, hard=True))
        spectrum = hint_loss(self.to_spectrum(code), (spectra - self.mean) / self.std, mask=valid)
        features = cosine_loss(self.to_teacher(code), teacher, mask=valid)
        return 0.3 * spectrum + 0.7 * features + 0.1 * codebook_diversity(scores, mask=valid)


def spectra_of(signal: Tensor, frames: int, bins: int) -> Tensor:
    """[B, C, T] -> [B, frames, bins]: log magnitudes, in even bands, of equal parts of T // frames samples."""
    length = signal.shape[-1] // frames
    if length < 2:
        found = list(signal.shape)
        raise ValueError(f"expected a signal of at least {2 * frames} samples for {frames} frames, found {found}")
    parts = signal.float().mean(1)[:, : length * frames].reshape(len(signal), frames, length)
    magnitude = torch.fft.rfft(parts * torch.hann_window(length, device=signal.device)).abs()
    return (F.adaptive_avg_pool1d(magnitude, bins) + 1e-3).log()


def _perceptron(width: int, hidden: int, out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, out))
