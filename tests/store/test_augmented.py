"""What is stored of mirrored, cropped and jittered scenes is what the teacher says of the same scenes in training."""

import pytest
import torch
import torch.nn.functional as F

from xmodal.adapter import Model, Need
from xmodal.benchmarks.street import Street
from xmodal.engine.loader import Steps
from xmodal.engine.schedule import Schedule
from xmodal.modalities.image import TimmImage
from xmodal.modalities.image.transforms import ColorJitter, HorizontalFlip, RandomCrop
from xmodal.modalities.lidar import PointEncoder
from xmodal.modalities.lidar.transforms import DropPoints, FlipY, Jitter
from xmodal.pairs import pair_tokens
from xmodal.store import Form, Store, StoredTeacher, write_store
from xmodal.store.batches import Items
from xmodal.store.manifest import described
from xmodal.store.writer import Job

NEED = Need(pooled=True, tokens=True)
TRANSFORMS = (HorizontalFlip(), RandomCrop((48, 144)), ColorJitter(), FlipY(), DropPoints(0.3), Jitter(0.01))


@pytest.fixture(scope="module")
def street():
    benchmark = Street(scenes=5, labelled=2, val=1, test=1)
    return benchmark, benchmark.splits(0)[0]


def models(benchmark):
    torch.manual_seed(0)
    image = TimmImage(backbone="test_resnet", token_stride=8)
    return {
        "image": Model(image, benchmark.tasks).eval().requires_grad_(False),
        "lidar": Model(PointEncoder(width=16, depth=2, voxel_size_m=0.5), benchmark.tasks).eval().requires_grad_(False),
    }


def stored(folder, teacher, split, form):
    items = Items.of(split.train, range(len(split.train)), TRANSFORMS, 3)
    made = described(teacher, items)
    write_store(folder, Job(teacher, NEED, items, torch.device("cpu"), made, forms={"": form}))
    return StoredTeacher(Store(folder), teacher)


@pytest.mark.parametrize("form", [Form("float32"), Form("float16"), Form("int8")], ids=lambda form: form.kind)
@pytest.mark.parametrize("name", ["image", "lidar"])
def test_tokens_and_their_pairs_are_those_of_the_same_augmented_scene(street, tmp_path, name, form):
    benchmark, split = street
    teacher, student = models(benchmark)[name], models(benchmark)["image"]
    answers = stored(tmp_path / "store", teacher, split, form)
    plan = Schedule(steps=4, labelled=2, paired=2, views=3)
    steps = Steps(split.train, split.labelled, range(5), plan, TRANSFORMS, 0, recorded=answers.store.params)
    drawn_anew = Steps(split.train, split.labelled, range(5), plan, TRANSFORMS, 0)
    moved = Steps(
        split.train, split.labelled, range(5), plan, TRANSFORMS, 0, recorded=lambda k, v: answers.store.params(k, 2 - v)
    )
    assert any(not torch.equal(moved[i].tensor("image"), steps[i].tensor("image")) for i in range(4))
    seen = set()
    for i in range(len(steps)):
        batch = steps[i]
        assert torch.equal(batch.tensor("image"), drawn_anew[i].tensor("image"))  # replayed from what was written
        assert torch.equal(batch.ragged("lidar").values, drawn_anew[i].ragged("lidar").values)
        seen |= set(zip(batch.keys, batch.view.tolist(), strict=True))
        live, found = teacher(batch, NEED), answers(batch, NEED)
        keep = live.tokens.mask()
        rows = min(keep.shape[1], found.tokens.x.shape[1])
        assert torch.equal(found.tokens.mask()[:, :rows], keep[:, :rows])
        a, b = found.tokens.x[:, :rows][keep[:, :rows]], live.tokens.x[:, :rows][keep[:, :rows]]
        assert F.cosine_similarity(a, b, dim=-1).min() > 0.9999
        if form.exact:
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)
        own = student(batch, NEED).tokens
        ours, theirs = pair_tokens(own, found.tokens, batch), pair_tokens(own, live.tokens, batch)
        assert torch.equal(ours.index, theirs.index)
        assert torch.equal(ours.weight, theirs.weight)
    assert len(seen) > 6
