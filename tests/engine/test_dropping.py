"""What a model of several inputs is worth without some of them, and finished arms scored again."""

import json

import pytest
import torch

from engine.toy_benchmark import Toy
from xmodal.adapter import Model
from xmodal.cli import main
from xmodal.data.sample import Sample
from xmodal.engine.dropping import subsets
from xmodal.engine.evaluate import evaluate
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.fusion import Fusion
from xmodal.modalities.image import TimmImage
from xmodal.modalities.lidar import PointNet

FUSED = (
    "teachers.teacher={'type': 'fusion', 'width': 16, 'parts': {'image': {'type': 'image', 'backbone': 'test_resnet'}, "
    "'cloud': {'type': 'lidar.pointnet', 'widths': (8, 16), 'width': 16}}}",
)


def fused():
    torch.manual_seed(0)
    parts = {"image": TimmImage("test_resnet"), "cloud": PointNet(widths=(8, 16), width=16)}
    return Model(Fusion(parts, width=16), Toy().tasks)


def test_every_subset_that_leaves_something_is_named_once():
    assert list(subsets(fused(), ["all"])) == [("image", "lidar"), ("lidar",), ("image",)]
    assert list(subsets(fused(), ["image"])) == [("image", "lidar"), ("lidar",)]


def test_three_entries_give_six_subsets_with_fewest_dropped_first():
    parts = {"image": TimmImage("test_resnet"), "cloud": PointNet(widths=(8, 16), width=16)}
    parts["second"] = PointNet(key="lidar/rear", widths=(8, 16), width=16)
    kept = list(subsets(Model(Fusion(parts, width=16), Toy().tasks), ["all"]))
    assert len(set(kept)) == len(kept) == 7
    assert [len(keys) for keys in kept] == [3, 2, 2, 2, 1, 1, 1]


@pytest.mark.parametrize(
    ("drop", "message"),
    [(["radar"], "unknown entry for --drop 'radar'; known: image, lidar"), (["image", "lidar"], "nothing is left")],
)
def test_a_subset_that_makes_no_sense_is_refused(drop, message):
    with pytest.raises(ConfigError, match=message):
        list(subsets(fused(), drop))


def test_a_model_that_needs_all_its_entries_cannot_be_scored_without_one():
    with pytest.raises(ConfigError, match=r"TimmImage needs all of its entries \(image\)"):
        list(subsets(Model(TimmImage("test_resnet"), Toy().tasks), ["all"]))


def test_a_dropped_entry_equals_samples_that_never_had_it_and_differs_from_zeros():
    model, (split,) = fused().eval(), Toy().splits(0)
    cpu = torch.device("cpu")
    without = [Sample(s.key, {"image": s.entries["image"]}, labels=s.labels) for s in split.test]
    zeros = [Sample(s.key, {**s.entries, "image": torch.zeros(3, 32, 32)}, labels=s.labels) for s in split.test]
    read = []
    model.heads["kind"].register_forward_hook(lambda _, inputs, out: read.append(out.detach()))
    for samples, keys in ((split.test, ["image"]), (without, ["image", "lidar"]), (split.test, ["lidar"])):
        evaluate(model, samples, Toy(), keys, device=cpu)
    evaluate(model, zeros, Toy(), ["image", "lidar"], device=cpu)
    assert torch.equal(read[0], read[1])
    assert not torch.allclose(read[2], read[3], atol=1e-3)


def test_a_sample_without_any_of_the_entries_is_an_error():
    model, (split,) = fused(), Toy().splits(0)
    bare = [Sample("bare", {"audio": torch.zeros(1, 8)}, labels=split.test[0].labels)]
    with pytest.raises(DataError, match="one of the entries image, lidar, found audio"):
        evaluate(model, bare, Toy(), ["image", "lidar"], device=torch.device("cpu"))


def test_evaluate_scores_a_fused_teacher_with_each_subset_dropped(make_run, capsys):
    run = make_run("fused", *FUSED)
    result = run.train()
    capsys.readouterr()
    assert main(["evaluate", str(run.folder), "--arm", "teacher", "--drop", "all", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["fed"] for row in found["dropped"]] == [["image", "lidar"], ["lidar"], ["image"]]
    assert found["scores"]["kind"]["accuracy"] == pytest.approx(result["arms"]["teacher"][0])
    assert main(["evaluate", str(run.folder), "--arm", "teacher", "--drop", "lidar"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("nothing" in line for line in lines)
    assert any(line.split("│")[1:3] and line.split("│")[1].strip() == "lidar" for line in lines)


def test_evaluate_names_the_arms_of_the_run(make_run, capsys):
    run = make_run("arms", "arms=('student',)")
    run.train()
    capsys.readouterr()
    assert main(["evaluate", str(run.folder), "--arm", "techer"]) == 2
    assert "unknown arm 'techer'; known: student" in capsys.readouterr().err
    assert main(["evaluate", str(run.folder), "--drop", "all"]) == 2
    assert "needs all of its entries" in capsys.readouterr().err


def test_a_student_that_allows_absence_may_be_deployed_with_some_of_its_entries(make_run):
    run = make_run("some", FUSED[0].replace("teachers.teacher", "student"), "deploy=('image',)", "arms=('student',)")
    assert 0 <= run.train()["arms"]["student"][0] <= 1
    assert json.loads((run.folder / "student.json").read_text())["deploy"] == ["image"]
    with pytest.raises(ConfigError, match="student needs the entry 'image' at test time"):
        make_run("none", FUSED[0].replace("teachers.teacher", "student"), "deploy=('radar',)").train()
