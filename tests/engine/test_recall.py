"""A remembered teacher says what the live one says, and is not used where its input changes."""

from contextlib import nullcontext

import torch

from xmodal.adapter import Model, Need
from xmodal.benchmarks.street import Street
from xmodal.data.batch import collate
from xmodal.distillation import other_samples
from xmodal.engine.recall import Recall, sees_the_same_each_time
from xmodal.modalities.image.transforms import HorizontalFlip
from xmodal.modalities.lidar import PointEncoder
from xmodal.modalities.lidar.transforms import FlipY
from xmodal.modalities.volume import VolumeConv
from xmodal.modalities.volume.transforms import FlipLeftRight


def built():
    street = Street(scenes=5, labelled=2, val=1, test=1)
    samples = street.splits(0)[0].train
    teacher = Model(PointEncoder(width=8, depth=2, voxel_size_m=0.5), street.tasks).eval().requires_grad_(False)
    need = Need(pooled=True, tokens=True)
    return (
        samples,
        teacher,
        need,
        Recall(teacher, samples, range(len(samples)), need, torch.device("cpu"), nullcontext()),
    )


def test_memory_equals_the_live_teacher_in_any_order_of_samples():
    samples, teacher, need, recall = built()
    chosen = [3, 0, 3, 4]
    batch = other_samples(collate([samples[i] for i in chosen], chosen))
    with torch.no_grad():
        live, remembered = teacher(batch, need), recall(batch, need)
    assert recall.rows
    torch.testing.assert_close(remembered.pooled, live.pooled, rtol=1e-5, atol=1e-5)
    assert torch.equal(remembered.tokens.valid, live.tokens.valid)
    assert torch.equal(remembered.tokens.of, live.tokens.of)
    keep = live.tokens.valid
    torch.testing.assert_close(remembered.tokens.x[keep], live.tokens.x[keep], rtol=1e-4, atol=1e-5)
    for name, output in live.outputs.items():
        torch.testing.assert_close(remembered.outputs[name][keep], output[keep], rtol=1e-4, atol=1e-4)


def test_a_teacher_whose_entry_is_augmented_is_not_remembered():
    _, teacher, _, _ = built()
    assert sees_the_same_each_time(teacher, [HorizontalFlip()])
    assert not sees_the_same_each_time(teacher, [HorizontalFlip(), FlipY()])
    assert not sees_the_same_each_time(teacher, [lambda sample, **_: (sample, {})])


def test_a_transform_of_several_entries_is_believed_by_its_keys():
    teacher = Model(VolumeConv(key="volume/pet", widths=(4,)), {})
    assert sees_the_same_each_time(teacher, [FlipLeftRight(keys=("volume/mri",))])
    assert not sees_the_same_each_time(teacher, [FlipLeftRight(keys=("volume/mri", "volume/pet"))])
    assert not sees_the_same_each_time(teacher, [FlipLeftRight()])  # every volume there is


def test_what_is_too_large_to_keep_runs_live():
    samples, teacher, _, _ = built()
    need = Need(layers=True)
    recall = Recall(teacher, samples, range(len(samples)), need, torch.device("cpu"), nullcontext())
    assert not recall.rows
    assert len(recall(collate(samples[:2], range(2)), need).layers) == 2


def test_a_sample_without_the_teachers_sensor_gets_no_valid_token():
    samples, teacher, need, _ = built()
    recall = Recall(teacher, samples, [0, 2], need, torch.device("cpu"), nullcontext())
    tokens = recall(collate([samples[2], samples[1]], [2, 1]), need).tokens
    assert tokens.valid[0].any()
    assert not tokens.valid[1].any()
    assert (tokens.of[1] == -1).all()
