"""Numbers of a run for TensorBoard, one curve for each term, seed, split and arm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xmodal.errors import ConfigError


class Curves:
    """Event files that `tensorboard --logdir FOLDER` shows; an arm that resumes goes on in a further file.

    Args:
        folder: made when the first number comes.

    Raises:
        ConfigError: TensorBoard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise ConfigError("--tensorboard needs a package: pip install 'xmodal[tensorboard]'") from None
        self.open = SummaryWriter
        self.folder, self.writers = folder, dict[str, Any]()

    def add(self, label: Mapping[str, Any], step: int, numbers: Mapping[str, float]) -> None:
        """The numbers after `step` steps of the arm that `label` names."""
        name = f"seed{label['seed']}/{label['split']}/{label['arm']}"
        if name not in self.writers:
            self.writers[name] = self.open(str(self.folder / name))
        for term, value in numbers.items():
            self.writers[name].add_scalar(term, value, step)
        self.writers[name].flush()
