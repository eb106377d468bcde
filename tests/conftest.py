"""Shared fixtures: where real data lies, and one thread so that results repeat."""

import os
from pathlib import Path

import pytest
import torch

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of real data sets; tests that need it are skipped where it is absent, as it is for users."""
    root = Path(os.environ.get("XMODAL_DATA", REPOSITORY.parent / "shared" / "data"))
    if not root.is_dir():
        pytest.skip(f"no real data at {root} (set XMODAL_DATA)")
    return root


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)
