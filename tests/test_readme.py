"""The README's listings run as they stand."""

import re
from pathlib import Path

import pytest

from xmodal.engine.config import read
from xmodal.engine.models import Factory
from xmodal.engine.phases import phases

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def listing(name: str) -> str:
    found = re.search(rf"<!-- listing: {name} -->\n```python\n(.*?)```", README, re.S)
    assert found, f"the README has no listing {name!r}"
    return found.group(1)


def test_the_training_listing_is_a_complete_config_whose_arms_train(tmp_path):
    path = tmp_path / "listing.py"
    path.write_text(listing("train"))
    config = read(path, ["benchmark.scenes=4", "benchmark.labelled=2", "benchmark.val=1", "benchmark.test=1"])
    from xmodal.engine.build import build

    benchmark = build(config.benchmark, "benchmark")
    factory, split = Factory(config, benchmark), benchmark.splits(0)[0]
    arms = {phase.arm: phase for phase in phases(config)}
    assert list(arms) == ["teacher", "student", "self", "shuffled", "distilled"]
    teachers = {"lidar": factory.model("lidar", 0)}
    step = factory.distillation(arms["distilled"], teachers, 0).train()
    batch = factory.steps(arms["distilled"], split, factory.inputs(split), 0)[0]
    step(batch).total.backward()


@pytest.mark.parametrize("name", ["modality", "loss"])
def test_the_other_listings_run(name):
    exec(compile(listing(name), f"README: {name}", "exec"), {})


def test_the_two_commands_exist():
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in ("demo", "test"):
        assert f"make {command}" in README
        assert f"\n{command}:" in targets


def test_no_path_of_a_machine_and_no_registry_host_is_in_the_project():
    hosts = ("pypi" + ".org", "files.python" + "hosted")
    for path in ROOT.rglob("*"):
        if path.suffix not in (".py", ".md", ".toml", ".yaml") or ".venv" in path.parts or "runs" in path.parts:
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        assert f"{ROOT}/" not in text, path
        assert f"{Path.home()}/" not in text, path
        assert not any(host in text for host in hosts), path
