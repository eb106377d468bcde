"""What is missing or of another plan is written again; what cannot be mended says what to do."""

import importlib
import os
import sys

import pytest
import torch

from store.rig import Teacher, contents, job, written
from xmodal.adapter import Adapter
from xmodal.errors import ConfigError, DataError
from xmodal.store import Form, Lookup, Store, write_store
from xmodal.store.manifest import code_digest, described

OPTIONS = {"views": 2, "shard_bytes": 2048}


@pytest.mark.parametrize("ragged", [True, False])
@pytest.mark.parametrize(
    "gone", ["records.bin", "shard-00001.bin", "shard-00001.npy", "shard-00000.json", "shard-00001.params.json",
             "keys.json", "manifest.json"],
)  # fmt: skip
@pytest.mark.parametrize("damage", ["deleted", "cut short"])
def test_a_file_that_is_missing_or_short_is_written_again_or_named(tmp_path, ragged, gone, damage):
    teacher = Teacher(ragged=ragged)
    folder = written(tmp_path / "a", teacher=teacher, **OPTIONS)
    whole = contents(folder)
    if gone not in whole:
        pytest.skip("this store has no such file")
    if damage == "deleted":
        (folder / gone).unlink()
    else:
        (folder / gone).write_bytes(whole[gone][:-1])
    if damage == "cut short" and gone in ("keys.json", "manifest.json"):
        with pytest.raises(DataError, match=rf"{gone}: expected .*: delete .*a and run the same xmodal cache again"):
            written(folder, teacher=teacher, **OPTIONS)
    else:
        written(folder, teacher=teacher, **OPTIONS)
        assert contents(folder) == whole


def test_an_unfinished_or_missing_store_is_told(tmp_path):
    with pytest.raises(DataError, match="expected a finished teacher store, found none"):
        Store(tmp_path)
    (written(tmp_path / "a") / "manifest.json").unlink()
    with pytest.raises(DataError, match="found an unfinished one: run the same xmodal cache again"):
        Store(tmp_path / "a")


@pytest.mark.parametrize(("ragged", "name"), [(True, "shard-00000.bin"), (False, "records.bin")])
def test_a_file_that_was_cut_short_is_told(tmp_path, ragged, name):
    file = written(tmp_path / "a", teacher=Teacher(ragged=ragged)) / name
    size = file.stat().st_size
    os.truncate(file, size - 1)
    with pytest.raises(DataError, match=rf"{name}: expected {size} bytes, found {size - 1} bytes"):
        Store(tmp_path / "a")


def test_shards_of_another_plan_are_not_taken_for_ones_own(tmp_path):
    torch.manual_seed(1)
    other = Teacher()
    with torch.no_grad():
        other.lift.weight.mul_(2)
    folder = written(tmp_path / "a", teacher=other)
    (folder / "plan.json").unlink()
    (folder / "manifest.json").unlink()
    assert contents(written(folder)) == contents(written(tmp_path / "b"))


def test_a_store_put_together_from_two_is_refused(tmp_path):
    one, two = written(tmp_path / "a"), written(tmp_path / "b", forms={"pooled": Form("float16")})
    (one / "plan.json").write_bytes((two / "plan.json").read_bytes())
    with pytest.raises(DataError, match="plan"):
        Store(one)


def test_a_file_where_a_store_should_be_is_told(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(DataError, match="expected a folder for a teacher store, found a file"):
        write_store(tmp_path / "a", job())


def test_the_largest_of_features_are_no_form(tmp_path):
    for part in ("pooled", ""):
        with pytest.raises(ConfigError, match="form of 'pooled': the largest are kept of logits"):
            written(tmp_path / "a", forms={part: Form(top=2)})


def test_an_output_that_was_left_out_is_told_to_who_reads_it(tmp_path):
    found = Store(written(tmp_path / "a", forms={"outputs.whole": Form("none")})).read(["s001"])
    assert "whole" not in found.outputs
    with pytest.raises(DataError, match=r"outputs\.whole: expected this output in the teacher's store, found part"):
        found.outputs["whole"]


def test_no_keys_are_an_error_and_so_is_a_stand_in_for_records_of_unequal_shape(tmp_path):
    folder = written(tmp_path / "a")
    for ask in (Store(folder).read, Lookup(folder)):
        with pytest.raises(ValueError, match="expected at least one key, found none"):
            ask([])
    with pytest.raises(ConfigError, match=r"a: a key without a record .* as tokens.x, .*found missing='mean'"):
        Lookup(folder, "mean")


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A package whose adapter reads with another module; a third module has nothing to do with it."""
    package = tmp_path / "sonar_plugin"
    package.mkdir()
    texts = {
        "__init__": "from sonar_plugin.adapter import Sonar",
        "adapter": "from xmodal.adapter import Adapter\nfrom sonar_plugin.front import lift\n"
        "class Sonar(Adapter):\n    inputs = ('points',)\n    use = staticmethod(lift)",
        "front": "import sonar_plugin.scale as scale\ndef lift(x):\n    return x * scale.BY",
        "scale": "BY = 2",
        "aside": "X = 1",
    }
    for name, text in texts.items():
        (package / f"{name}.py").write_text(text + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield package
    forget()


def forget():
    import linecache

    for name in [name for name in sys.modules if name.startswith("sonar_plugin")]:
        del sys.modules[name]
    importlib.invalidate_caches()
    linecache.clearcache()


def digest() -> str:
    forget()
    adapter: type[Adapter] = importlib.import_module("sonar_plugin").Sonar
    return code_digest([adapter], [adapter])


@pytest.mark.parametrize(("module", "counts"), [("adapter", True), ("front", True), ("scale", True), ("aside", False)])
def test_code_counts_where_the_teacher_takes_something_from_it(plugin, module, counts):
    before = digest()
    assert digest() == before
    importlib.import_module("sonar_plugin.aside")  # what else is loaded makes no difference
    with (plugin / f"{module}.py").open("a") as file:
        file.write("# changed\n")
    assert (digest() != before) == counts


def test_the_modules_of_our_sensors_and_benchmarks_count_and_the_core_does_not():
    from xmodal.modalities.audio import TimmAudio
    from xmodal.store.manifest import _reached

    reached = _reached([TimmAudio.__module__])
    assert {
        "xmodal.modalities.audio.front_ends",
        "xmodal.modalities.audio.read",
        "xmodal.modalities.timm_backbone",
    } <= reached
    assert all(name.startswith(("xmodal.modalities", "xmodal.benchmarks")) for name in reached)


def test_the_class_of_the_benchmark_counts(plugin):
    made = job()
    plain = described(made.teacher, made.items)
    assert described(made.teacher, made.items, source=[importlib.import_module("sonar_plugin").Sonar]) != plain
