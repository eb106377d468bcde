"""Files of run folders: checkpoints, weights, answers, results, finished students."""

import json
from functools import cache
from io import StringIO

import torch
from PIL import Image

from fuzzing.case import Case, fixtures, under
from xmodal.engine.config import read_run
from xmodal.engine.export import load_student, save_student
from xmodal.engine.fit import _resume
from xmodal.errors import XmodalError
from xmodal.files import load_weights, read_json, read_tensors, write_tensors
from xmodal.tasks import Classification

ENGINE, REPORT = fixtures("engine"), fixtures("report")


def _training():
    torch.manual_seed(0)
    module = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.01)
    module(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return module, optimizer


def _checkpoint(path):
    from xmodal.engine.fit import _state
    from xmodal.files import checkpoint_bytes, write_checkpoint

    write_checkpoint(path, checkpoint_bytes({**_state(3, *_training(), None), "seconds": 1.5}))


def _weights(path):
    module = torch.nn.Linear(3, 2)
    load_weights(module, read_tensors(path), path)


@cache
def _student():
    from xmodal.adapter import Model
    from xmodal.modalities.lidar import PointNet

    node = {"type": PointNet, "width": 8, "key": "lidar"}
    tasks = {"kind": Classification(("a", "b"))}
    return Model(PointNet(width=8), tasks), node, tasks


def _finished(name):
    def write(folder):
        model, node, tasks = _student()
        save_student(folder, model, node, tasks, ("lidar",), {"seed": 0})
        return folder / name

    return write


@cache
def _toy_run(folder):
    """A finished run of the toy benchmark, trained once for the process."""
    from rich.console import Console

    from xmodal.engine.config import read
    from xmodal.engine.log import Log
    from xmodal.engine.run import Run

    source = folder / "toy.py"
    source.write_text(ENGINE.CONFIG)
    config = read(source, ["schedule.steps=1", "arms=('student',)"])
    run = Run(folder / "run", config, source, Log(folder / "run", Console(quiet=True)), overrides=["schedule.steps=1"])
    run.train()
    return run


def _arm(name):
    def write(folder):
        place = _toy_run(folder).place(0, "fold0", "student")
        return {"run": folder / "run", "arm": place.folder}["run" if name in ("overrides.json",) else "arm"] / name

    return write


def _read_arm(path):
    run = _toy_run(path.parents[5])
    split = run.benchmark.splits(0)[0]
    run.do(0, split, run.phases[0])
    return run._summarise([split])


def _read_weights(path):
    return _toy_run(path.parents[5]).trained(0, "fold0", "student")


def _reopen(path):
    from rich.console import Console

    from xmodal.engine.log import Log
    from xmodal.engine.run import Run

    config = _toy_run(path.parent.parent).config
    return Run(path.parent, config, path.parent / "config.py", Log(path.parent, Console(quiet=True)), resume=True)


def _folder(name):
    """A run folder as the report reads it."""

    def write(folder):
        content = REPORT._result(splits=2)
        (folder / "result.json").write_text(json.dumps(content))
        (folder / "config.py").write_text('"""LiDAR to RGB."""\nstudent = dict(type="image")\n')
        nodes = {"benchmark": {"type": "a.b.Street", "labelled": 40}, "student": {"type": "image.timm", "name": "atto"}}
        (folder / "config.json").write_text(json.dumps({**nodes, "deploy": ["image"], "schedule": {"steps": 7}}))
        (folder / "overrides.json").write_text('["schedule.steps=7"]')
        rows = [
            {
                "seed": 0,
                "split": "fold0",
                "arm": arm,
                "step": step,
                "loss": 1 / step,
                "learning_rate": 1e-3,
                "data_wait": 0.1,
            }
            for arm in ("student", "teacher")
            for step in (1, 2, 3)
        ]
        (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (folder / "examples").mkdir()
        Image.new("RGB", (6, 4)).save(folder / "examples" / "a.png")
        (folder / "examples" / "captions.json").write_text('{"a.png": "one"}')
        return folder / name

    return write


def _tables(path):
    from rich.console import Console

    from xmodal.report.results import group_section, tiles
    from xmodal.report.summary import summarise
    from xmodal.report.table import markdown_table, print_tables

    result = read_json(path)
    print_tables(result, Console(file=StringIO()))
    summary = summarise(result)
    return markdown_table(result), [(group_section(summary, group), tiles(summary, group)) for group in summary.groups]


@cache
def _summary():
    from xmodal.report.summary import summarise

    return summarise(REPORT._result(splits=2))


def _recipe(path):
    from xmodal.report.recipe import about, recipe_section

    return recipe_section(path.parent, _summary()), about(path.parent)


def _curves(path):
    from xmodal.report.curves import curve_figures, first_curves
    from xmodal.report.metrics_log import read_metrics

    rows, notes = read_metrics(path)
    return curve_figures(first_curves(rows)[1]), notes


def _examples(path):
    from xmodal.report.examples import examples_section

    return examples_section(path.parent.parent)


def _resumed(path):
    return _resume(path, *_training(), None)


CASES = [
    Case("run.checkpoint", under("checkpoint.pt", _checkpoint), _resumed),
    Case(
        "run.safetensors",
        under("a.safetensors", lambda p: write_tensors(p, torch.nn.Linear(3, 2).state_dict())),
        _weights,
    ),
    Case("run.done.json", _arm("done.json"), _read_arm),
    Case("run.answers", _arm("answers.safetensors"), _read_arm),
    Case("run.model", _arm("model.safetensors"), _read_weights),
    Case("run.overrides.json", _arm("overrides.json"), lambda p: read_run(p.parent), allowed=XmodalError),
    Case("run.config.json", lambda f: _toy_run(f).folder / "config.json", _reopen, allowed=XmodalError),
    Case("run.student.json", _finished("student.json"), lambda p: load_student(p.parent)),
    Case("run.student.safetensors", _finished("student.safetensors"), lambda p: load_student(p.parent)),
    *(
        Case(f"report.{name.split('/')[-1]}", _folder(name), read)
        for name, read in (
            ("result.json", _tables),
            ("config.json", _recipe),
            ("overrides.json", _recipe),
            ("config.py", _recipe),
            ("metrics.jsonl", _curves),
            ("examples/captions.json", _examples),
            ("examples/a.png", _examples),
        )
    ),
]
"""Every file of a run folder."""
