"""The student predicts, at hidden frames, the tokens that a tokenizer distilled from a large audio model gives them.

HEAR, arXiv 2603.26098 (code HarunoriKawano/HEAR). Evidence: exact (loss of the tokenizer, masked prediction);
ours (both stages inside one run, a small tokenizer of log spectra, hidden frames are silent ones, any signal).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from xmodal.adapter import Adapter, Need
from xmodal.bus import Frame, Tokens
from xmodal.data.batch import Batch
from xmodal.distillers.base import Distiller, mean_over
from xmodal.distillers.probes._vq_tokenizer import VQTokenizer, spectra_of
from xmodal.pairs import carry
from xmodal.tasks import Task


class HEAR(Distiller):
    """Term "tokens", [B]: cross-entropy of the hidden frames for the tokenizer's tokens, through a linear head.

    Before training, the tokenizer learns from the teacher's tokens in the first batches, carried to the student's
    frames; then it is frozen, and the teacher is read no more. In each step the student reads the signal a second
    time, with frames set to zero. A frame is hidden with probability `hidden_share`, by a uniform draw, and frames
    that are padding never are: the released code draws from a normal distribution, hides 65 % where 40 % is stated,
    and hides padding too. The source pre-trains in this way and fine-tunes afterwards; here labels count from the
    beginning on. Batch statistics of the student, where it has any, follow the second reading too.

    Args:
        key: the entry of the batch that the student reads, [B, C, T], of one length; its last axis is cut into as
            many frames as the student's tokens have columns (or tokens, without a grid of rows and columns).
        teacher: whose tokens; they share a clock with the student's.
        codes, code_width, hidden, bins: of the tokenizer; the last are bands of its spectra.
        hidden_share: of the frames.
        fit_steps, learning_rate: of the tokenizer, by Adam, over the batches that are seen before training.
        temperature: of the Gumbel choice, falling by a constant factor from the first to the second.
        seed: of the tokenizer's weights and draws.
    """

    paired = True

    def __init__(
        self,
        *,
        key: str = "audio",
        teacher: str = "teacher",
        codes: int = 1024,
        code_width: int = 32,
        hidden: int = 128,
        bins: int = 40,
        hidden_share: float = 0.4,
        fit_steps: int = 200,
        learning_rate: float = 1e-3,
        temperature: tuple[float, float] = (2.0, 0.5),
        seed: int = 0,
    ) -> None:
        super().__init__(teacher)
        if not 0 < hidden_share < 1:
            raise ValueError(f"hidden_share: expected a share in (0, 1), found {hidden_share}")
        self.key, self.codes, self.code_width, self.hidden = key, codes, code_width, hidden
        self.bins = bins
        self.hidden_share, self.fit_steps, self.learning_rate = hidden_share, fit_steps, learning_rate
        self.temperature, self.seed = (float(temperature[0]), float(temperature[1])), seed

    def connect(self, models: Mapping[str, Adapter], tasks: Mapping[str, Task]) -> None:
        self._student = (models["student"],)  # in a tuple: its parameters are not the distiller's
        self.head = nn.Linear(models["student"].token_width, self.codes)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self.tokenizer = VQTokenizer(
                self.bins,
                models[self.teacher].token_width,
                codes=self.codes,
                code_width=self.code_width,
                hidden=self.hidden,
            )
        self.tokenizer.requires_grad_(False)

    def needs(self) -> Mapping[str, Need]:
        return {"student": Need(tokens=True), self.teacher: Need(tokens=True)}

    def prepare(self, frames: Iterable[Frame]) -> None:
        found = [self._example(frame) for frame in frames]
        spectra = torch.cat([x[valid] for x, _, valid in found])
        if not len(spectra):
            raise ValueError(f"HEAR: teacher {self.teacher!r} reached no frame in the first batches")
        self.tokenizer.mean.copy_(spectra.mean(0))
        self.tokenizer.std.copy_(spectra.std(0, unbiased=False).clamp_min(1e-6))
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.manual_seed(self.seed)
            self.tokenizer.requires_grad_(True)
            self._fit(found)
        self.tokenizer.requires_grad_(False)

    def _fit(self, examples: Sequence[tuple[Tensor, Tensor, Tensor]]) -> None:
        optimizer = torch.optim.Adam(self.tokenizer.parameters(), self.learning_rate)
        first, last = self.temperature
        for step in range(self.fit_steps):
            temperature = first * (last / first) ** (step / max(1, self.fit_steps - 1))
            loss = self.tokenizer.loss(*examples[step % len(examples)], temperature=temperature)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    def _example(self, frame: Frame) -> tuple[Tensor, Tensor, Tensor]:
        """Spectra [B, N, P], the teacher's features of the same frames [B, N, D], and [B, N] which count."""
        own, batch = frame.student.need_tokens("student"), frame.seen or frame.batch
        theirs = frame.other(self.teacher).need_tokens(self.teacher).x.detach()
        carried, reached = carry(theirs, frame.pairs["student", self.teacher], own.x.shape[1])
        features, valid = in_time(replace(own, x=carried, valid=reached & frame.taught[self.teacher].unsqueeze(1)))
        return spectra_of(batch.tensor(self.key), features.shape[1], self.bins), features.float(), valid

    def forward(self, frame: Frame) -> dict[str, Tensor]:
        signal = frame.batch.tensor(self.key)
        _, valid = in_time(frame.student.need_tokens("student"))
        valid = valid & frame.batch.has((self.key,)).unsqueeze(1)
        tokens = self.tokenizer(spectra_of(signal, valid.shape[1], self.bins)).argmax(-1)  # [B, N]
        hidden = (torch.rand(valid.shape, device=valid.device) < self.hidden_share) & valid
        states, _ = in_time(self._student[0](self._silenced(frame.batch, hidden), Need(tokens=True)).need_tokens(""))
        scores = self.head(states).float().transpose(1, 2)  # [B, K, N]
        return {"tokens": mean_over(F.cross_entropy(scores, tokens, reduction="none"), hidden)}

    def _silenced(self, batch: Batch, hidden: Tensor) -> Batch:
        """The batch with the hidden frames [B, N] of the signal at zero."""
        signal = batch.tensor(self.key)
        length = signal.shape[-1] // hidden.shape[1]
        silent = hidden.repeat_interleave(length, 1)
        silent = F.pad(silent, (0, signal.shape[-1] - silent.shape[1]))
        return replace(batch, entries={**batch.entries, self.key: signal.masked_fill(silent.unsqueeze(1), 0)})


def in_time(tokens: Tokens) -> tuple[Tensor, Tensor]:
    """[B, N, D] and [B, N]: tokens by time; on a grid (rows, columns) the mean of each column's tokens that count."""
    x, valid = tokens.x, tokens.mask()
    if tokens.grid is None or len(tokens.grid) != 2:
        return x, valid
    x, valid = (t.reshape(len(t), *tokens.grid, *t.shape[2:]) for t in (x, valid))
    kept = valid.unsqueeze(-1).to(x.dtype)
    return (x * kept).sum(1) / kept.sum(1).clamp_min(1), valid.any(1)
