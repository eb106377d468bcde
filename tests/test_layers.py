"""Who may import whom: the core knows no sensor, losses know nothing, only the engine knows mmengine."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

FORBIDDEN = {
    "xmodal": ("xmodal.modalities", "xmodal.benchmarks", "xmodal.configs"),
    "xmodal/losses": ("xmodal.",),
    "xmodal/data": ("xmodal.distillation", "xmodal.distillers", "xmodal.balance", "xmodal.engine", "xmodal.report"),
    "xmodal/distillers": ("xmodal.distillation", "xmodal.engine", "xmodal.report", "xmodal.commands"),
    "xmodal/balance": ("xmodal.distillation", "xmodal.distillers", "xmodal.engine", "xmodal.report"),
    "xmodal/store": ("xmodal.engine", "xmodal.distillers", "xmodal.report", "xmodal.commands", "xmodal.cli"),
    "xmodal/engine": ("xmodal.report", "xmodal.commands", "xmodal.cli"),
    "modalities": ("xmodal.engine", "xmodal.benchmarks", "xmodal.distillers", "xmodal.commands"),
    "benchmarks": ("xmodal.engine", "xmodal.distillers", "xmodal.commands"),
}
SPEED = ROOT / "benchmarks" / "speed"
"""A bench of the training loop must import it; nothing imports a bench."""
ALLOWED_INSIDE = {
    "xmodal/losses": "xmodal.losses",
    "modalities": "xmodal.modalities",
    "benchmarks": "xmodal.benchmarks",
}


def files(folder: str) -> list[Path]:
    inside = (p for p in (ROOT / folder).rglob("*.py") if "__pycache__" not in p.parts)
    links = {ROOT / "xmodal" / name for name in ("modalities", "benchmarks", "configs")}
    return [p for p in inside if not links & set(p.parents)]


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_nobody_imports_what_lies_above(folder):
    allowed = ALLOWED_INSIDE.get(folder)
    for path in files(folder):
        for name in imports(path):
            if allowed and (name == allowed or name.startswith(f"{allowed}.")):
                continue
            if SPEED in path.parents and name.startswith(("xmodal.engine", "xmodal.distillers")):
                continue
            above = [f for f in FORBIDDEN[folder] if f"{name}.".startswith(f if f.endswith(".") else f"{f}.")]
            assert not above, f"{path.relative_to(ROOT)} imports {name}"


def test_only_the_engine_imports_mmengine():
    for folder in ("xmodal", "modalities", "benchmarks", "configs"):
        for path in files(folder):
            if any(name.split(".")[0] == "mmengine" for name in imports(path)):
                assert path.parent == ROOT / "xmodal" / "engine", path


def test_files_are_one_idea_long():
    long = [f"{p.relative_to(ROOT)}" for f in FORBIDDEN for p in files(f) if len(p.read_text().splitlines()) > 300]
    assert not long


def test_the_core_imports_without_optional_packages():
    """A fresh interpreter in which torchvision, timm, spconv, open_clip and the rest cannot be imported."""
    code = """
import sys
class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torchvision", "timm", "spconv", "open_clip", "mmengine", "laspy", "matplotlib"}:
            raise ImportError(name)
sys.meta_path.insert(0, Gone())
import xmodal, xmodal.distillation, xmodal.distillers, xmodal.losses, xmodal.tasks, xmodal.testing
import xmodal.modalities.image, xmodal.modalities.lidar, xmodal.benchmarks.street, xmodal.data.paired_folder
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_importing_xmodal_loads_nothing_heavy():
    code = "import torch, sys; before = set(sys.modules); import xmodal; print(*(set(sys.modules) - before))"
    out = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True).stdout
    heavy = {"timm", "mmengine", "torchvision", "spconv", "matplotlib", "rich", "open_clip"}
    assert not heavy & {name.split(".")[0] for name in out.split()}
