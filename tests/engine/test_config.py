"""Config files, overrides, and the builder: what is wrong is said in one line, with the names that exist."""

import pytest

from xmodal.engine.build import build
from xmodal.engine.config import find, parse_assignments, read, shipped
from xmodal.errors import ConfigError, XmodalError
from xmodal.tasks import Classification


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_config_reads_and_has_a_docstring_with_its_command(name):
    from xmodal.engine.config import docstring

    config = read(find(name))
    assert config.deploy
    assert f"xmodal train {name}" in docstring(find(name))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("shedule.steps=3", "unknown config key 'shedule'; known: arms, balance, benchmark"),
        ("schedule.step=3", "unknown key 'schedule.step'; key 'step'; known: .*steps"),
        ("student.backbon='x'", "unknown key 'student.backbon'; key 'backbon'; known: backbone"),
        ("teachers.sonar.width=3", "unknown key 'teachers.sonar.width'; key 'sonar'; known: teacher"),
        ("schedule.steps", "expected KEY=VALUE"),
        ("arms=('distiled',)", "unknown arm 'distiled'; known: distilled"),
        ("precision='fp8'", "precision: expected 'bf16' or 'fp32', found 'fp8'"),
        ("seeds=()", "seeds: expected whole numbers"),
    ],
)
def test_a_wrong_override_is_one_clear_error(source, override, message):
    with pytest.raises(ConfigError, match=message):
        read(source, [override])


def test_overrides_reach_nested_values_and_keep_types(source):
    config = read(source, ["schedule.steps=3", "student.backbone=resnet18", "student.token_stride=8"])
    assert config.schedule["steps"] == 3
    assert config.student["backbone"] == "resnet18"
    assert config.student["token_stride"] == 8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("benchmark = dict(", "line 1: '\\(' was never closed"),
        ("x = 1/0", "ZeroDivisionError"),
        ("colour = 'red'", "unknown key 'colour'"),
        ("deploy = ('image',)", "missing benchmark, student"),
        ("from nowhere.at_all import Thing\nbenchmark = dict(type=Thing)", "does not import"),
        ("from torch.nn import Linear\nstudent = Linear(3, 4)", "it computes something from an imported name"),
    ],
)
def test_a_wrong_file_is_one_clear_error(tmp_path, text, message):
    path = tmp_path / "wrong.py"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read(path)


def test_an_unknown_config_lists_those_that_ship():
    with pytest.raises(ConfigError, match=r"unknown config 'lidar_to_rbg_street'; known: .*lidar_to_rgb_street"):
        find("lidar_to_rbg_street")


def test_import_paths_in_strings_are_refused():
    with pytest.raises(ConfigError, match=r"unknown name 'os\.system'"):
        build({"type": "os.system", "command": "true"}, "student")


def test_a_name_builds_the_class_of_that_entry_point():
    task = build({"type": "classification", "classes": ("a", "b")}, "task")
    assert isinstance(task, Classification)


def test_wrong_arguments_name_the_node():
    with pytest.raises(ConfigError, match="task: Classification needs classes"):
        build({"type": Classification}, "task")
    with pytest.raises(ConfigError, match=r"task: Classification: a task needs at least two classes"):
        build({"type": Classification, "classes": ("one",)}, "task")
    with pytest.raises(ConfigError, match=r"key task\.clases of Classification"):
        build({"type": Classification, "clases": ()}, "task")


def test_unknown_modalities_are_named_with_the_installed_ones():
    with pytest.raises(XmodalError, match=r"unknown name 'sonar'; known: .*image.*lidar"):
        build({"type": "sonar"}, "student")


def test_assignments_parse_numbers_tuples_and_bare_words():
    assert parse_assignments(["a=3", "b=(1, 2)", "c=some/path"]) == {"a": 3, "b": (1, 2), "c": "some/path"}
