"""A store gives back what the teacher said, under every augmentation, whoever wrote it, however often it was killed."""

import os
import pickle
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from store.rig import NEED, Shift, Teacher, contents, job, live, samples, written
from xmodal.bus import map_tensors
from xmodal.data.batch import collate
from xmodal.errors import ConfigError, DataError, DiskFull
from xmodal.store import Form, Lookup, Store, StoredTeacher, write_store
from xmodal.store.batches import BATCH, Batches
from xmodal.store.planning import check_room
from xmodal.store.reader import ABSENT
from xmodal.store.verify import faults


def same(found, expected, **tolerance):
    """Every tensor, in one order; padding behind the valid tokens does not count."""
    seen: list[torch.Tensor] = []
    map_tensors(found, lambda t: seen.append(t) or t)
    there: list[torch.Tensor] = []
    map_tensors(expected, lambda t: there.append(t) or t)
    assert len(seen) == len(there)
    for a, b in zip(seen, there, strict=True):
        if b.dim() > 1 and a.shape != b.shape:
            rows = min(a.shape[1], b.shape[1])
            assert not b[:, rows:].abs().sum()
            a, b = a[:, :rows], b[:, :rows]
        torch.testing.assert_close(a, b, **tolerance)


@pytest.mark.parametrize("ragged", [True, False])
def test_it_gives_back_what_the_teacher_says_in_any_order(tmp_path, ragged):
    store = Store(written(tmp_path / "a", teacher=Teacher(ragged=ragged)))
    keys = ["s031", "s002", "s002", "s039", "s017"]
    _, expected = live(keys, teacher=Teacher(ragged=ragged))
    found = store.read(keys)
    real = expected.tokens.mask()
    same(found.pooled, expected.pooled, rtol=1e-5, atol=1e-6)
    assert torch.equal(found.tokens.mask(), real)
    torch.testing.assert_close(found.tokens.x[real], expected.tokens.x[real], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(found.outputs["part"][real], expected.outputs["part"][real], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(found.outputs["whole"], expected.outputs["whole"], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(found.parts["half"].pooled, expected.parts["half"].pooled, rtol=1e-5, atol=1e-6)
    assert (found.tokens.frame, found.tokens.key, found.layers[0].key) == ("metres", "points", "points")
    if ragged:
        assert torch.equal(found.tokens.of, expected.tokens.of)


def test_rows_of_one_length_come_from_their_place_among_all_shards(tmp_path):
    teacher = Teacher(ragged=False)
    store = Store(written(tmp_path / "a", count=3 * BATCH, teacher=teacher, shard_bytes=1))
    assert len(store.shards) == 3
    numbers = [2 * BATCH + 1, 0, BATCH, 1, 3 * BATCH - 1]
    together = store.columns(numbers)
    for place, number in enumerate(numbers):
        for name, value in store.columns([number]).items():
            assert torch.equal(together[name][place], value[0]), name
    assert len({tuple(row.tolist()) for row in together["pooled"]}) == len(numbers)


def test_a_range_of_records_shares_the_memory_of_the_file(tmp_path):
    store = Store(written(tmp_path / "a", teacher=Teacher(ragged=False)))
    viewed, copied = store.columns(range(3, 9)), store.columns(list(range(3, 9)))
    assert all(torch.equal(viewed[name], value) for name, value in copied.items())
    file, length = store.table.rows.data_ptr(), store.table.rows.shape[1]
    assert 3 * length <= viewed["pooled"].data_ptr() - file < 4 * length
    assert not 0 <= copied["pooled"].data_ptr() - file < store.table.rows.numel()


def test_it_is_bit_identical_to_the_live_teacher_in_the_stores_own_batches(tmp_path):
    made = job(views=3)
    write_store(tmp_path / "a", made)
    store, batches = Store(tmp_path / "a"), Batches(made.items)
    for i in range(len(batches)):
        batch, _ = batches[i]
        expected = made.run(batch)
        numbers = [min(n, len(made.items) - 1) for n in range(i * 16, i * 16 + 16)]
        columns = store.columns(numbers)
        assert torch.equal(columns["pooled"], expected.pooled)
        assert torch.equal(columns["tokens.x"], expected.tokens.x[:, : columns["tokens.x"].shape[1]])
        assert torch.equal(columns["outputs.whole"], expected.outputs["whole"])


def test_recorded_augmentations_are_replayed(tmp_path):
    store = Store(written(tmp_path / "a", views=4))
    keys, views = ["s003", "s003", "s020"], [0, 3, 1]
    batch, expected = live(keys, views)
    torch.testing.assert_close(store.read(keys, views).pooled, expected.pooled, rtol=1e-5, atol=1e-6)
    drawn = store.params("s003", 3)
    again, _ = Shift()(samples()[3], drawn[0])
    assert torch.equal(again.entries["points"].values, batch.ragged("points").rows(torch.tensor([1])).values)
    assert not torch.allclose(store.read(["s003"], [0]).pooled, store.read(["s003"], [3]).pooled)


@pytest.mark.parametrize("ragged", [True, False])
def test_a_view_for_some_keys_only_is_an_error(tmp_path, ragged):
    store = Store(written(tmp_path / "a", views=2, teacher=Teacher(ragged=ragged)))
    with pytest.raises(ValueError, match="expected a view for each of 3 keys, found 1"):
        store.read(["s001", "s002", "s003"], [1])
    with pytest.raises(DataError, match="augmentation 2 of sample 's002': expected one of 2"):
        store.read(["s001", "s002"], [1, 2])


def test_a_stored_teacher_looks_like_the_teacher(tmp_path):
    stored = StoredTeacher(Store(written(tmp_path / "a", views=2)), Teacher())
    batch, expected = live(["s010", "s011"], [1, 0])
    torch.testing.assert_close(stored(batch, NEED).pooled, expected.pooled, rtol=1e-5, atol=1e-6)
    assert (stored.inputs, stored.width, stored.token_width) == (("points",), 6, 6)


@pytest.mark.parametrize("ragged", [True, False])
def test_places_known_beforehand_give_what_keys_give(tmp_path, ragged):
    teacher = Teacher(ragged=ragged)
    store = Store(written(tmp_path / "a", views=3, teacher=teacher))
    known = [*samples()[20:], type(samples()[0])("blind", {}), *samples()[:20]]
    places = store.places([sample.key for sample in known])
    assert (places == ABSENT).nonzero().tolist() == [[20]]
    chosen = [39, 20, 3, 25]
    batch = collate([known[i] for i in chosen], chosen, [0, 1, 2, 2])
    by_key = StoredTeacher(store, teacher)(batch, NEED)
    same(StoredTeacher(store, teacher, places)(batch, NEED), by_key, rtol=0, atol=0)
    with pytest.raises(DataError, match="augmentation 3 of sample 's023': expected one of 3, found none"):
        StoredTeacher(store, teacher, places)(collate([known[3]], [3], [3]), NEED)
    places[3] = ABSENT
    with pytest.raises(DataError, match="sample 's023': expected a record of it, found none"):
        StoredTeacher(store, teacher, places)(collate([known[3]], [3], [2]), NEED)


def test_a_sample_without_the_sensor_gets_no_token_and_one_that_is_not_stored_is_named(tmp_path):
    stored = StoredTeacher(Store(written(tmp_path / "a")), Teacher())
    known, blind = samples()[4], type(samples()[0])("unknown", {})
    found = stored(collate([known, blind]), NEED)
    assert found.tokens.valid[0].any()
    assert not found.tokens.valid[1].any()
    assert (found.tokens.of[1] == -1).all()
    other = type(known)("unknown", known.entries)
    with pytest.raises(DataError, match="sample 'unknown': expected a record of it, found none"):
        stored(collate([known, other]), NEED)


@pytest.mark.parametrize("ragged", [True, False])
def test_two_processes_write_what_one_writes(tmp_path, ragged):
    written(tmp_path / "one", views=2, count=40, shard_bytes=2048, teacher=Teacher(ragged=ragged))
    script = "import sys; from pathlib import Path; from store.rig import Teacher, written; " + (
        f"written(Path(sys.argv[1]), views=2, count=40, shard_bytes=2048, teacher=Teacher(ragged={ragged}))"
    )
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent), "OMP_NUM_THREADS": "1"}
    writers = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "two")], env=env) for _ in range(2)]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.slow
@pytest.mark.parametrize("ragged", [True, False])
def test_a_store_that_was_killed_twenty_times_is_that_of_an_uninterrupted_run(tmp_path, ragged):
    written(tmp_path / "one", views=2, shard_bytes=2048, teacher=Teacher(ragged=ragged))
    script = (
        "import sys, time; from pathlib import Path; from store import rig; run = rig.Job.run; "
        "rig.Job.run = lambda self, batch: (time.sleep(0.05), run(self, batch))[1]; print('on', flush=True); "
        f"rig.written(Path(sys.argv[1]), views=2, shard_bytes=2048, teacher=rig.Teacher(ragged={ragged}))"
    )
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent), "OMP_NUM_THREADS": "1"}
    chosen = random.Random(0)
    for _ in range(20):
        writer = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "two")], env=env, stdout=subprocess.PIPE
        )
        assert writer.stdout.readline()
        time.sleep(chosen.uniform(0, 0.4))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
    written(tmp_path / "two", views=2, shard_bytes=2048, teacher=Teacher(ragged=ragged))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"weights": "0"}, "the teacher's weights"),
        ({"transforms": "others"}, "the transforms"),
        ({"code": "0"}, "the code of the teacher, its reader or the transforms"),
        ({"samples": {"count": 3, "sha256": "0"}}, "the set of samples"),
        ({"xmodal": "9"}, "the major version of xmodal"),
        ({"precision": "bf16"}, "the precision that the teacher runs in"),
        ({"weights": "0", "precision": "bf16"}, "the teacher's weights, the precision that the teacher runs in"),
    ],
)
def test_a_store_of_something_else_is_not_gone_on_with(tmp_path, change, what):
    written(tmp_path / "a")
    with pytest.raises(ConfigError, match=f"holds a store that differs in {what}: delete it"):
        write_store(tmp_path / "a", job(**change))


def test_a_finished_store_is_left_as_it_is(tmp_path):
    before = contents(written(tmp_path / "a"))
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "a").iterdir()}
    written(tmp_path / "a")
    assert contents(tmp_path / "a") == before
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "a").iterdir()} == stamps


def test_a_disk_without_room_is_told_before_anything_is_written(tmp_path):
    with pytest.raises(DiskFull, match=r"the store needs about .* MB, and the disk has"):
        check_room(tmp_path, 10**18)


def flips(folder, count, chosen):
    """(file, position, new byte) of random single bytes."""
    files = [path for path in sorted(folder.iterdir()) if path.stat().st_size]
    weights = [path.stat().st_size if path.suffix == ".bin" else 20_000 for path in files]
    for _ in range(count):
        path = chosen.choices(files, weights)[0]
        place = chosen.randrange(path.stat().st_size)
        old = path.read_bytes()[place]
        yield path, place, old, chosen.choice([b for b in range(256) if b != old])


def epoch(folder):
    """Read everything once, as training does; the fault that is found."""
    try:
        store = Store(folder)
        for key in store.numbers:
            for view in range(store.views):
                store.params(key, view)
                store.read([key], [view])
    except DataError as error:
        return [str(error)]
    return []


@pytest.mark.parametrize("ragged", [True, False])
@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_every_flipped_byte_is_found_and_named(tmp_path, count, ragged):
    forms = {"pooled": Form("float16", pca=2), "tokens": Form("int8")}
    folder = written(tmp_path / "a", views=2, forms=forms, teacher=Teacher(ragged=ragged))
    assert not faults(folder)
    assert not epoch(folder)
    for path, place, old, new in flips(folder, count, random.Random(0)):
        with path.open("rb+") as file:
            file.seek(place)
            file.write(bytes([new]))
        for search in (faults, epoch):
            found = search(folder)
            assert found, f"{search.__name__}: byte {place} of {path.name}"
            assert any(path.name in fault or "manifest" in fault or path.stem in fault for fault in found)
        with path.open("rb+") as file:
            file.seek(place)
            file.write(bytes([old]))


@pytest.mark.parametrize("ragged", [True, False])
def test_a_store_travels_to_workers(tmp_path, ragged):
    store = Store(written(tmp_path / "a", teacher=Teacher(ragged=ragged)))
    before = store.read(["s005"]).pooled
    assert torch.equal(pickle.loads(pickle.dumps(store)).read(["s005"]).pooled, before)


def test_a_look_up_has_an_answer_for_a_key_that_is_not_there(tmp_path):
    folder = written(tmp_path / "a", teacher=Teacher(ragged=False))
    with pytest.raises(DataError, match="key 'nobody': expected a record of it, found none"):
        Lookup(folder)(["s001", "nobody"])
    for missing in ("zero", "mean"):
        found, known = Lookup(folder, missing)(["s001", "nobody"])
        assert known.tolist() == [True, False]
        whole = Store(folder).read([f"s{i:03d}" for i in range(40)]).pooled
        expected = torch.zeros(6) if missing == "zero" else whole.mean(0)
        torch.testing.assert_close(found.pooled[1], expected)
        assert torch.equal(found.pooled[0], whole[1])
    none, known = Lookup(folder, "zero")(["nobody"])
    assert not known.any()
    assert not none.pooled.any()
    with pytest.raises(ConfigError, match="unknown missing 'guess'"):
        Lookup(folder, "guess")
