"""Patches of single electrodes, and the student that is wide where it mimics: contract, grid, what the parts see."""

import pytest
import torch

from xmodal.adapter import Need
from xmodal.data.batch import Batch
from xmodal.errors import ConfigError
from xmodal.modalities.eeg import EEGConv, EEGPatches, ProjectCompress
from xmodal.testing import check_adapter

ALL = Need(pooled=True, tokens=True, layers=True)


def batch_of(data: torch.Tensor) -> Batch:
    return Batch(tuple(f"{i}" for i in range(len(data))), {"eeg": data}, torch.arange(len(data)))


def small(channels: int = 19) -> EEGPatches:
    return EEGPatches(channels=channels, width=16, depth=2, heads=2, patch_s=1.0, step_s=1.0)


def test_both_keep_the_contract() -> None:
    check_adapter(small())
    check_adapter(EEGPatches(width=8, depth=1, heads=1, patch_s=0.3, step_s=0.1))
    check_adapter(ProjectCompress())
    check_adapter(ProjectCompress(small(), token_width=24, width=6, rows=19))


def test_layers_share_the_grid_of_channels_and_patches() -> None:
    out = small(3).eval()(batch_of(torch.randn(2, 3, 870)), ALL)
    assert [layer.grid for layer in out.layers] == [(3, 4)] * 2
    torch.testing.assert_close(out.tokens.where[0, :, 0], torch.tensor([0.5, 1.5, 2.5, 3.5]).repeat(3))


def test_patches_may_overlap() -> None:
    model = EEGPatches(channels=1, rate_hz=100.0, patch_s=2.0, step_s=0.5).eval()
    tokens = model(batch_of(torch.randn(1, 1, 400)), ALL).tokens
    torch.testing.assert_close(tokens.where[0, :, 0], torch.tensor([1.0, 1.5, 2.0, 2.5, 3.0]))


def test_a_burst_changes_the_embedding_of_its_own_patch_and_what_is_left_at_the_end_is_not_seen() -> None:
    model, quiet = small(3).eval(), torch.zeros(1, 3, 850)
    burst = quiet.clone()
    burst[0, 1, 400:600] = torch.randn(200)
    burst[0, :, 800:] = 5
    change = (model._embedded(burst) - model._embedded(quiet)).abs().sum(-1).view(3, 4)
    assert change.nonzero().tolist() == [[1, 2]]


def test_a_tone_is_seen_in_the_spectrum_at_its_frequency_whatever_its_phase() -> None:
    model = small(1)
    time = torch.arange(200) / 200
    tones = torch.stack([torch.sin(2 * torch.pi * f * time + p) for f, p in ((13, 0.0), (13, 2.0), (17, 0.0))])
    a, b, c = model.eval()._embedded(tones.unsqueeze(1))
    torch.testing.assert_close(a, b, atol=1e-4, rtol=0)
    assert not torch.allclose(a, c, atol=1e-2)


def test_tokens_of_the_student_are_the_projected_ones_and_its_answer_reads_nothing_else() -> None:
    model = ProjectCompress(small(3), token_width=24, width=6, rows=3).eval()
    out = model(batch_of(torch.randn(2, 3, 800)), ALL)
    torch.testing.assert_close(out.pooled, model._compressed(out.tokens.x))
    assert out.tokens.x.shape == (2, 12, 24)
    assert [layer.x.shape[-1] for layer in out.layers] == [16, 16]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ConfigError, match="an even width, found"):
        EEGPatches(width=7)
    with pytest.raises(ConfigError, match="at least 1"):
        ProjectCompress(width=0)
    with pytest.raises(ValueError, match=r"grid \(2, patches\), found \(1, 25\)"):
        ProjectCompress(EEGConv(), rows=2)(EEGConv.example(2), ALL)
