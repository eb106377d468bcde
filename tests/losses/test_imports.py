"""The losses know tensors and nothing else of this package."""

import ast
import subprocess
import sys
from pathlib import Path

from xmodal import losses


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            names.add(node.module or "")
    return names


def test_losses_import_only_torch_the_standard_library_and_themselves() -> None:
    files = list(Path(losses.__path__[0]).rglob("*.py"))
    assert len(files) > 8
    for path in files:
        for name in _imported(path):
            top = name.split(".")[0]
            known = top in {"torch", *sys.stdlib_module_names} or f"{name}.".startswith("xmodal.losses.")
            known |= top == "triton" and path.name.startswith("_triton")  # loaded on a GPU only
            assert known, f"{path.name} imports {name}"


def test_all_names_every_function_and_class() -> None:
    assert sorted(losses.__all__) == sorted(set(losses.__all__))
    assert all(hasattr(losses, name) for name in losses.__all__)


def test_the_losses_come_without_engine_modalities_or_optional_packages() -> None:
    code = "import sys, xmodal.losses; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    for name in ("xmodal.engine", "xmodal.modalities", "xmodal.data", "mmengine", "timm", "torchvision", "triton"):
        assert name not in found, name
