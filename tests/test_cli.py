"""The command line as a user meets it: verbs, exit codes, one line for every mistake."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from xmodal.cli import VERBS, main

ROOT = Path(__file__).resolve().parent.parent


def folder(root: Path, rows: int = 16) -> Path:
    """A manifest of bright and dark images with clouds that say so; the last four rows are the test split."""
    root.mkdir()
    generator = np.random.default_rng(0)
    lines = ["key,image,lidar,label,split"]
    for i in range(rows):
        bright = i % 2
        Image.fromarray((80 + 80 * bright + generator.integers(0, 40, (24, 24, 3))).astype(np.uint8)).save(
            root / f"{i}.png"
        )
        points = generator.random((6, 4)).astype("<f4")
        points[:, 2] += 2 * bright
        points.tofile(root / f"{i}.bin")
        label = ("dark", "bright")[bright] if i < 8 or i >= rows - 4 else ""
        lines.append(f"s{i},{i}.png,{i}.bin,{label},{'test' if i >= rows - 4 else 'train'}")
    (root / "manifest.csv").write_text("\n".join(lines) + "\n")
    return root


SMALL = [
    "student.backbone=test_resnet",
    "benchmark.transforms=[]",
    "teachers.teacher.width=16",
    "teachers.teacher.depth=2",
    "schedule.steps=4",
    "schedule.labelled=4",
    "schedule.paired=4",
    "precision=fp32",
]


def train(root: Path, out: Path, *more: str) -> int:
    sets = [f"benchmark.root={root}", *SMALL, *more]
    return main(["train", "paired_folder", "--out", str(out), *[a for s in sets for a in ("--set", s)]])


def mistake(capsys, code: int) -> str:
    """Exit code 2 and exactly one line on stderr; returns the line."""
    assert code == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_the_verbs_are_frozen():
    assert list(VERBS) == ["list", "doctor", "train", "cache", "evaluate", "bench", "inspect", "new-modality", "report"]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([verb, "--help"])
    assert stopped.value.code == 0
    assert f"example: xmodal {verb}" in capsys.readouterr().out


def test_a_strangers_folder_trains_with_no_code_and_the_student_works_alone(tmp_path, capsys):
    root, out = folder(tmp_path / "mine"), tmp_path / "run"
    assert train(root, out) == 0
    printed = capsys.readouterr().out
    for arm in ("student", "self", "shuffled", "distilled", "teacher"):
        assert arm in printed
    assert (out / "report.html").is_file()
    assert main(["evaluate", str(out), "--json"]) == 0
    scored = json.loads(capsys.readouterr().out)
    result = json.loads((out / "result.json").read_text())
    assert scored["scores"]["label"]["accuracy"] == pytest.approx(result["arms"]["distilled"][0])
    assert main(["report", str(out)]) == 0


def test_list_names_ours_in_json(capsys):
    assert main(["list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"image", "lidar"} <= {row["name"] for row in rows["modalities"]}
    assert "lidar_to_rgb_street" in {row["name"] for row in rows["configs"]}


def test_doctor_runs_each_adapters_contract(capsys):
    assert main(["doctor", "--json"]) == 0
    states = json.loads(capsys.readouterr().out)["adapters"]
    assert states["image"] == states["lidar"] == "ok"


def test_inspect_draws_a_simulated_street(tmp_path, capsys):
    out = tmp_path / "scene.png"
    assert main(["inspect", "street", "--sample", "3", "--out", str(out)]) == 0
    with Image.open(out) as image:
        assert min(image.size) > 200
        assert len(image.getcolors(10_000_000) or []) > 50


def test_examples_are_test_samples_with_every_sensor(tmp_path, capsys):
    root, out = folder(tmp_path / "mine"), tmp_path / "run"
    lines = (root / "manifest.csv").read_text().splitlines()
    lines[-1] = lines[-1].replace("15.bin", "")  # the last test row has no cloud
    (root / "manifest.csv").write_text("\n".join(lines) + "\n")
    assert train(root, out) == 0
    captions = json.loads((out / "examples" / "captions.json").read_text())
    assert captions
    assert not any("s15" in caption for caption in captions.values())


def test_inspect_draws_one_file_of_a_modality(tmp_path):
    file, out = tmp_path / "motion.csv", tmp_path / "motion.png"
    file.write_text("a,b\n" + "\n".join(f"{i},{i * i}" for i in range(50)) + "\n")
    assert main(["inspect", str(file), "--as", "series", "--out", str(out)]) == 0
    with Image.open(out) as image:
        assert min(image.size) > 200


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["inspect", __file__], "is a file: say with --as which modality reads it (audio,"),
        (["inspect", __file__, "--as", "nose"], "unknown modality 'nose'; known: audio,"),
        (["inspect", __file__, "--as", "fusion"], "--as fusion: this modality reads no files"),
        (["inspect", "no.wav", "--as", "audio"], "no.wav: no such file"),
        (["inspect", __file__, "--as", "audio", "--sample", "3"], "--set and --sample are for benchmarks"),
        (["inspect", "phone_watch"], "give the folder of the data"),
        (["train", "no_such_config"], "unknown config 'no_such_config'; known:"),
        (["train", "lidar_to_rgb_street", "--set", "schedule.stepz=3"], "key 'stepz'; known:"),
        (["train", "lidar_to_rgb_street", "--set", "student.type=sonar"], "unknown name 'sonar'; known:"),
        (["train", "lidar_to_rgb_trees"], "give the folder of the data"),
        (["train", "lidar_to_rgb_street", "--arms", "best"], "unknown arm 'best'"),
        (["inspect", "nothing"], "unknown name 'nothing'"),
        (["inspect", "street", "--sample", "-1"], "has samples 0 to"),
        (["inspect", "street", "--out", "x.txt"], "ends in .png or .jpg"),
        (["evaluate", "no/such/run"], "no/such/run: expected the folder of a finished run, and it is none"),
        (["report", "no/such/run"], "result.json: expected a JSON file, found no such file"),
    ],
)
def test_mistakes_get_one_line_and_exit_code_2(argv, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert words in mistake(capsys, main(argv))


def spoil(root: Path, name: str, content: bytes) -> None:
    (root / name).write_bytes(content)


NAN = np.full((6, 4), np.nan, "<f4").tobytes()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("3.bin", b"\0" * 17, "3.bin: expected"),
        ("3.bin", b"", "3.bin: expected"),
        ("3.bin", NAN, "3.bin: expected finite"),
        ("3.png", b"no image", "3.png: expected"),
        ("manifest.csv", b"key,image,label,split\na,1.png,x,trian\n", "column 'split': expected train or val or test"),
        (
            "manifest.csv",
            b"key,sonar,label,split\na,1.png,x,train\n",
            "manifest.csv: column 'sonar': expected the name of a modality",
        ),
        ("manifest.csv", b"key,image\na,1.png\n", "column 'label': expected in the header"),
        ("manifest.csv", b"\xff\xfe\x00", "expected comma-separated text in UTF-8"),
    ],
)
def test_bad_files_stop_the_run_with_the_file_named(name, content, words, tmp_path, capsys):
    root = folder(tmp_path / "mine")
    spoil(root, name, content)
    assert words in mistake(capsys, train(root, tmp_path / "run"))


def test_a_missing_file_is_named(tmp_path, capsys):
    root = folder(tmp_path / "mine")
    (root / "2.bin").unlink()
    assert "2.bin" in mistake(capsys, train(root, tmp_path / "run"))


def test_an_unknown_class_in_the_test_split_is_named(tmp_path, capsys):
    root = folder(tmp_path / "mine")
    text = (root / "manifest.csv").read_text()
    (root / "manifest.csv").write_text(text.replace("dark,test", "dusk,test", 1))
    assert "expected a class of the train split (bright, dark), found 'dusk'" in mistake(
        capsys, train(root, tmp_path / "run")
    )


def test_a_run_folder_that_exists_loses_nothing(tmp_path, capsys):
    root, out = folder(tmp_path / "mine"), tmp_path / "run"
    assert train(root, out, "arms=('student',)") == 0
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    capsys.readouterr()
    assert "exists: add --resume" in mistake(capsys, train(root, out, "arms=('student',)"))
    assert before == {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}


def test_a_checkpoint_of_another_model_is_refused(tmp_path, capsys):
    root = folder(tmp_path / "mine")
    assert train(root, tmp_path / "a", "arms=('student',)") == 0
    assert train(root, tmp_path / "b", "arms=('student',)", "student.backbone=test_efficientnet") == 0
    capsys.readouterr()
    (tmp_path / "a" / "student.safetensors").write_bytes((tmp_path / "b" / "student.safetensors").read_bytes())
    assert "student.safetensors" in mistake(capsys, main(["evaluate", str(tmp_path / "a")]))


def test_a_fault_of_ours_is_exit_code_1_with_a_traceback():
    code = "import sys, xmodal.commands.list as l; l.run = lambda a: 1 / 0; from xmodal.cli import main; main(['list'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr


def without(root: Path, column: int, keep: str) -> None:
    """Empty one column of the manifest in every row of other splits than `keep`'s."""
    lines = (root / "manifest.csv").read_text().splitlines()
    rows = [line.split(",") for line in lines]
    for row in rows[1:]:
        if row[-1] != keep:
            row[column] = ""
    (root / "manifest.csv").write_text("\n".join(",".join(row) for row in rows) + "\n")


def test_the_test_split_may_lack_the_teachers_sensor(tmp_path, capsys):
    root, out = folder(tmp_path / "mine"), tmp_path / "run"
    without(root, 2, keep="train")
    assert train(root, out) == 0
    assert "not scored: no test sample has its sensor" in capsys.readouterr().out
    assert set(json.loads((out / "result.json").read_text())["arms"]) == {"student", "self", "shuffled", "distilled"}


def test_training_rows_may_lack_the_teachers_sensor(tmp_path):
    root = folder(tmp_path / "mine", rows=44)
    lines = (root / "manifest.csv").read_text().splitlines()
    for i in (0, 1, 5, *range(16, 40)):  # the first row, and more in a row than are run side by side
        lines[i + 1] = lines[i + 1].replace(f",{i}.bin,", ",,")
    (root / "manifest.csv").write_text("\n".join(lines) + "\n")
    assert train(root, tmp_path / "run") == 0


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("distillers.soft.task=nothing", "arm 'self' cannot train"),
        ("distillers.soft.level=tokens", "arm 'self' cannot train"),
        ("distillers.soft.teacher=radar", "unknown teacher of distiller 'soft' 'radar'; known: teacher"),
        ("balance.weights={'sotf': 1.0}", "'sotf' fits no term"),
        ("seeds=3", "seeds: expected several values"),
        ("deploy=image", "deploy: expected several values"),
        ("schedule.workers=-1", "schedule.workers: expected a whole number from 0"),
        ("schedule.learning_rate=fast", "schedule.learning_rate: expected a number"),
        ("teachers={}", "arm 'self' needs teachers"),
        ("distillers={}", "arm 'self' needs distillers"),
        ("benchmark.kind=regression", "column 'label': expected a finite number, found 'dark'"),
    ],
)
def test_what_does_not_fit_is_said_before_anything_trains(override, words, tmp_path, capsys):
    root, out = folder(tmp_path / "mine"), tmp_path / "run"
    assert words in mistake(capsys, train(root, out, override))
    assert not list(out.rglob("model.safetensors"))


def test_a_mistake_in_the_data_leaves_no_run_folder_behind(tmp_path, capsys):
    out = tmp_path / "run"
    mistake(capsys, train(tmp_path / "nowhere", out))
    assert not out.exists()


def test_scored_rows_need_a_label(tmp_path, capsys):
    root = folder(tmp_path / "mine")
    text = (root / "manifest.csv").read_text().replace("bright,test", ",test", 1)
    (root / "manifest.csv").write_text(text)
    assert "column 'label': expected a label, since the split is test" in mistake(capsys, train(root, tmp_path / "run"))


def test_a_damaged_file_is_named_when_worker_processes_read(tmp_path, capsys):
    root = folder(tmp_path / "mine")
    spoil(root, "3.bin", b"\0" * 17)
    line = mistake(capsys, train(root, tmp_path / "run", "schedule.workers=1", "arms=('teacher',)"))
    assert "3.bin: expected" in line
