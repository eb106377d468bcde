"""A complete package of its own around a new modality, from the templates in `modality/`."""

from __future__ import annotations

import keyword
import re
import shutil
from importlib.resources import files
from pathlib import Path
from string import Template

from xmodal import plugins
from xmodal.errors import ConfigError

_PLACES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "init.py": "{module}/__init__.py",
    "adapter.py": "{module}/adapter.py",
    "reader.py": "{module}/reader.py",
    "transforms.py": "{module}/transforms.py",
    "picture.py": "{module}/picture.py",
    "test.py": "tests/test_{name}.py",
}
"""By template: where the file goes."""


def new_modality(name: str, folder: Path | None = None) -> Path:
    """Write the package `xmodal-NAME` and return its folder.

    Args:
        name: of the modality and of its entries: a lower-case Python name.
        folder: must not exist; `xmodal-NAME` in the working directory if None.

    Raises:
        ConfigError: a name that is taken or no identifier, or a folder that exists. Nothing is written then.
    """
    _check_name(name)
    folder = folder or Path(f"xmodal-{name.replace('_', '-')}")
    if folder.exists():
        raise ConfigError(f"folder {folder} exists: choose --out FOLDER")
    words = {"name": name, "module": f"xmodal_{name}", "adapter": _camel(name), "package": folder.name}
    words["distribution"] = f"xmodal-{name.replace('_', '-')}"
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    for source, place in _PLACES.items():
        target = part / place.format(**words)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = files("xmodal.scaffold").joinpath("modality", f"{source}.txt").read_text(encoding="utf-8")
        target.write_text(Template(text).substitute(words), encoding="utf-8")
    part.rename(folder)
    return folder


def _check_name(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise ConfigError(f"name {name!r}: expected lower-case letters, digits and '_', such as 'thermal'")
    taken = plugins.found("xmodal.modalities")
    if name in taken:
        owner = taken[name].dist
        raise ConfigError(f"modality {name!r} exists already, in {owner.name if owner else 'another package'}")


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
