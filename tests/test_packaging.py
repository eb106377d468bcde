"""The list of packages is written by hand; this holds it against the tree."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def packages_of(folder: str, name: str) -> set[str]:
    places = [p.parent for p in (ROOT / folder).rglob("__init__.py")]
    return {".".join([name, *p.relative_to(ROOT / folder).parts]) for p in places}


def test_every_package_of_the_tree_is_in_the_wheel_and_no_other():
    core = packages_of("xmodal", "xmodal")
    beside = {n for part in ("modalities", "benchmarks", "configs") for n in packages_of(part, f"xmodal.{part}")}
    assert core | beside == set(PROJECT["tool"]["setuptools"]["packages"])


def test_every_entry_point_exists():
    from xmodal import plugins

    for group in plugins.GROUPS:
        declared = PROJECT["project"]["entry-points"][group]
        assert declared.keys() <= plugins.found(group).keys(), "run `pip install -e .` again"
        for name in declared:
            assert isinstance(plugins.load(name, group), type)


def test_the_folders_beside_the_core_are_links():
    for name in ("modalities", "benchmarks", "configs"):
        link = ROOT / "xmodal" / name
        assert link.is_symlink()
        assert link.resolve() == ROOT / name
