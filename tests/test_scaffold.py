"""`xmodal new-modality` writes a package that works as it is, and harms nothing that exists."""

import subprocess
import sys

import pytest
import torch

from xmodal.cli import main
from xmodal.errors import ConfigError
from xmodal.scaffold import new_modality
from xmodal.testing import check_adapter


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The fresh package `thermal_ir`, importable; forgotten afterwards."""
    folder = new_modality("thermal_ir", tmp_path / "made")
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if name.startswith("xmodal_thermal_ir"):
            del sys.modules[name]


def test_its_adapter_keeps_the_contract_and_reads_what_it_says(package, tmp_path):
    from xmodal_thermal_ir import ThermalIr

    check_adapter(ThermalIr())
    (tmp_path / "bad.npy").write_bytes(b"no numbers")
    with pytest.raises(Exception, match=r"bad\.npy: expected a \.npy file"):
        ThermalIr.read(tmp_path / "bad.npy")
    assert ThermalIr.example(2)["thermal_ir"].shape == torch.Size([2, 32, 6])


@pytest.mark.slow
def test_its_own_tests_pass_untouched(package):
    command = [sys.executable, "-m", "pytest", "-q"]
    found = subprocess.run(command, cwd=package, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_command_says_what_to_do_next(tmp_path, capsys):
    assert main(["new-modality", "sonar", "--out", str(tmp_path / "sonar")]) == 0
    assert f"pip install -e {tmp_path / 'sonar'}" in capsys.readouterr().out
    assert not list(tmp_path.rglob("*.part"))
    assert "$" not in (tmp_path / "sonar/xmodal_sonar/adapter.py").read_text()


@pytest.mark.parametrize("name", ["Thermal", "a-b", "class", "", "1st", "../up"])
def test_bad_names_are_refused(name, tmp_path):
    with pytest.raises(ConfigError, match="expected lower-case letters"):
        new_modality(name, tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_a_taken_name_or_folder_is_left_alone(tmp_path):
    with pytest.raises(ConfigError, match="modality 'image' exists already, in xmodal"):
        new_modality("image", tmp_path / "x")
    (tmp_path / "mine").mkdir()
    with pytest.raises(ConfigError, match="exists: choose --out"):
        new_modality("sonar", tmp_path / "mine")
    assert not list((tmp_path / "mine").iterdir())
