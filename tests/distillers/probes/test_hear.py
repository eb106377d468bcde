"""HEAR: the mask's rate, what is hidden, whose tokens are predicted, and the tokenizer's fit."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from distillers.committee.rooms import check_doubles
from xmodal.bus import Embedding, Frame, Pairs, Tokens
from xmodal.data.batch import Batch
from xmodal.distillers import HEAR
from xmodal.distillers.probes.hear import in_time

B, N, T = 6, 10, 205


class Listener(nn.Module):
    """Each frame of 20 samples, and the mean of all, become a token; keeps the signals that it was shown."""

    token_width = 8

    def __init__(self):
        super().__init__()
        self.layer, self.seen = nn.Linear(20, 8), []

    def forward(self, batch, need):
        self.seen.append(batch["audio"])
        return Embedding(tokens=Tokens(self.states(batch["audio"]), valid=VALID, key="audio"))

    def states(self, signal):
        x = signal[:, 0, : N * 20].reshape(len(signal), N, 20)
        return self.layer(x + x.mean(1, keepdim=True))


VALID = torch.arange(N).expand(B, N) < torch.tensor([10, 10, 10, 10, 10, 6]).unsqueeze(1)


def frame(student, taught=(True,) * B, seed=0):
    g = torch.Generator().manual_seed(seed)
    pitch = torch.randint(1, 5, (B, N), generator=g).repeat_interleave(20, 1)
    wave = torch.sin(pitch * torch.arange(N * 20) * 0.5)
    batch = Batch(
        tuple(map(str, range(B))), {"audio": F.pad(wave, (0, T - N * 20)).unsqueeze(1)}, torch.arange(B),
        present={"audio": torch.ones(B, dtype=torch.bool)},
    )  # fmt: skip
    heard = F.one_hot(pitch[:, ::20], 6).float()
    index = torch.cartesian_prod(torch.arange(B), torch.arange(N))
    return Frame(
        student=student(batch, None),
        batch=batch,
        teachers={"t": Embedding(tokens=Tokens(heard.requires_grad_()))},
        pairs={("student", "t"): Pairs(torch.cat([index, index[:, 1:]], 1), torch.ones(len(index)))},
        taught={"t": torch.tensor(taught)},
    )


def built(**options):
    torch.manual_seed(1)
    student = Listener()
    chosen = {"codes": 8, "code_width": 4, "hidden": 16, "bins": 8, "fit_steps": 60, "learning_rate": 1e-2, **options}
    distiller = HEAR(key="audio", teacher="t", **chosen)
    distiller.connect({"student": student, "t": SimpleNamespace(token_width=6)}, {})
    return distiller, student


def fit(distiller, student, **options):
    with torch.no_grad():
        distiller.prepare(frame(student, seed=s, **options) for s in range(3))


def silent(student, given):
    """[B, N]: the frames that the student's second look showed as zeros."""
    shown, whole = (x[:, 0, : N * 20].reshape(B, N, 20) for x in (student.seen[-1], given.batch["audio"]))
    return (shown == 0).all(-1) & (whole != 0).any(-1)


def test_hidden_frames_alone_are_predicted_by_the_tokenizers_tokens():
    distiller, student = built()
    fit(distiller, student)
    given = frame(student)
    found = distiller(given)["tokens"]
    hidden = silent(student, given)
    assert hidden.any()
    with torch.no_grad():
        codes = distiller.tokenizer(distiller._example(given)[0]).argmax(-1)
    states = student.states(student.seen[-1])
    miss = F.cross_entropy(distiller.head(states).transpose(1, 2), codes, reduction="none")
    expected = torch.stack([miss[b][hidden[b]].mean() for b in range(B)])
    torch.testing.assert_close(found, expected)


def test_two_in_five_frames_are_hidden_and_padding_never_is():
    distiller, student = built()
    given, rates = frame(student), []
    torch.manual_seed(5)
    for _ in range(200):
        distiller(given)
        hidden = silent(student, given)
        assert not hidden[~VALID].any()
        rates.append(hidden[VALID].float().mean())
    assert torch.stack(rates).mean() == pytest.approx(0.4, abs=0.02)


def test_the_tokenizer_learns_what_the_teacher_hears_and_is_then_frozen():
    distiller, student = built(fit_steps=150)
    example = [distiller._example(frame(student, seed=9))]
    torch.manual_seed(0)
    before = distiller.tokenizer.loss(*example[0], temperature=0.5)
    fit(distiller, student)
    torch.manual_seed(0)
    assert distiller.tokenizer.loss(*example[0], temperature=0.5) < 0.6 * before
    assert not any(p.requires_grad for p in distiller.tokenizer.parameters())


def test_the_tokenizers_loss_is_the_published_sum():
    distiller, student = built()
    spectra, heard, valid = distiller._example(frame(student))
    tokenizer = distiller.tokenizer
    torch.manual_seed(3)
    found = tokenizer.loss(spectra, heard, valid, temperature=1.0)
    torch.manual_seed(3)
    scores = tokenizer(spectra)
    code = F.gumbel_softmax(scores, tau=1.0, hard=True) @ tokenizer.codebook.weight.T
    spectrum = (tokenizer.to_spectrum(code) - spectra)[valid].square().mean()
    cosine = F.cosine_similarity(tokenizer.to_teacher(code)[valid], heard[valid], dim=-1).mean()
    even = (scores[valid].softmax(-1).mean(0) - 1 / 8).square().sum()
    torch.testing.assert_close(found, 0.3 * spectrum + 0.7 * (1 - cosine) + 0.1 * even)


def test_the_student_learns_and_the_teacher_and_the_random_state_are_left_alone():
    distiller, student = built()
    state = torch.get_rng_state()
    fit(distiller, student)
    assert torch.equal(state, torch.get_rng_state())
    given = frame(student)
    distiller(given)["tokens"].sum().backward()
    assert given.teachers["t"].tokens.x.grad is None
    assert student.layer.weight.grad.any()
    assert not any(name.startswith("_student") for name, _ in distiller.named_parameters())
    torch.manual_seed(4)
    check_doubles(distiller(given), student.layer.weight, given)


def test_the_tokenizer_learns_from_taught_samples_alone():
    distiller, student = built()
    valid = distiller._example(frame(student, taught=(True, False) * 3))[2]
    assert not valid[1::2].any()
    with pytest.raises(ValueError, match="reached no frame"):
        fit(distiller, student, taught=(False,) * B)


def test_columns_of_a_grid_are_frames():
    x, valid = torch.randn(2, 6, 3), torch.tensor([[True] * 6, [True, True, False, False, True, False]])
    mean, kept = in_time(Tokens(x, valid=valid, grid=(2, 3)))
    torch.testing.assert_close(mean[0], (x[0, :3] + x[0, 3:]) / 2)
    torch.testing.assert_close(mean[1, 1], (x[1, 1] + x[1, 4]) / 2)
    assert kept.tolist() == [[True, True, True], [True, True, False]]
