"""AMFD: the student's map against each stream of the teacher on its own, foreground from the labels."""

import pytest
import torch

from distillers.privileged.frames import check_weight_scales
from xmodal.adapter import Adapter
from xmodal.bus import Embedding, Frame, Tokens
from xmodal.data.batch import Batch
from xmodal.distillers import AMFD
from xmodal.tasks import Classification, Segmentation

TASKS = {"seg": Segmentation(("road", "car", "person")), "kind": Classification(("a", "b"))}
FINE, COARSE, B = (4, 8), (2, 4), 3


class Wide(Adapter):
    width = token_width = 5


def tokens(width, grid, key):
    x = torch.randn(B, grid[0] * grid[1], width, requires_grad=True)
    return Tokens(x, grid=grid, key=key)


def frame_of(labels=True, taught=(True, True, True)):
    torch.manual_seed(2)
    truth = torch.randint(0, 3, (B, 8, 16))
    truth[2] = -1
    parts = {"image": tokens(6, COARSE, "image"), "thermal": tokens(4, COARSE, "raster/thermal")}
    batch = Batch(
        tuple("abc"),
        {},
        torch.arange(B),
        labels={"seg": {"image": truth}} if labels else {},
        labelled={"seg": torch.tensor([True, True, False])} if labels else {},
    )
    return Frame(
        student=Embedding(tokens=tokens(5, FINE, "image")),
        teachers={"t": Embedding(parts={name: Embedding(tokens=part) for name, part in parts.items()})},
        batch=batch,
        taught={"t": torch.tensor(taught)},
    )


@pytest.fixture
def distiller():
    torch.manual_seed(3)
    made = AMFD("seg", classes=("car", "person"), streams=("image", "thermal"), widths=(6, 4), teacher="t")
    made.connect({"student": Wide(), "t": Wide()}, TASKS)
    return made


def pooled(x):
    """[B, D, 2, 4]: the mean of 2 x 2 cells."""
    return x.transpose(1, 2).reshape(B, -1, 2, 2, 4, 2).mean((3, 5))


def test_the_foreground_term_equals_the_printed_sum(distiller):
    frame = frame_of()
    truth = TASKS["seg"].targets(frame.labels["seg"], Tokens(torch.zeros(B, 8, 1), grid=COARSE, key="image"))
    terms = distiller(frame)
    for name in ("image", "thermal"):
        ours = distiller.compare[name].align(pooled(frame.student.tokens.x))
        theirs = frame.teachers["t"].parts[name].tokens.x.transpose(1, 2).reshape(B, -1, *COARSE)
        cells = 8 * theirs.abs().mean(1).flatten(1).softmax(1).view(B, *COARSE)
        channels = theirs.shape[1] * theirs.abs().mean((2, 3)).softmax(1)
        expected = 0.0
        for sample in (0, 1):
            for kind in (1, 2):
                own = (truth[sample] == kind).view(COARSE)
                if own.any():
                    each = (ours[sample] - theirs[sample]).square() * channels[sample][:, None, None] * cells[sample]
                    expected = expected + (each * own).sum() / own.sum() / 2
        torch.testing.assert_close(terms[f"{name}_foreground"], expected, rtol=1e-4, atol=1e-5)


def test_the_relation_starts_as_the_plain_squared_difference_of_every_sample(distiller):
    frame = frame_of()
    ours = distiller.compare["thermal"].align(pooled(frame.student.tokens.x))
    theirs = frame.teachers["t"].parts["thermal"].tokens.x.transpose(1, 2).reshape(B, -1, *COARSE)
    found = distiller(frame)["thermal_relation"]
    torch.testing.assert_close(found, (ours - theirs).square().sum() / B, rtol=1e-4, atol=1e-5)


def test_streams_are_compared_separately(distiller):
    frame, other = frame_of(), frame_of()
    with torch.no_grad():
        other.teachers["t"].parts["thermal"].tokens.x.mul_(2)
    before, after = distiller(frame), distiller(other)
    for name in before:
        assert torch.equal(before[name], after[name]) == name.startswith("image"), name


def test_gradient_and_masks(distiller):
    frame = frame_of(taught=(True, False, True))
    terms = distiller(frame)
    check_weight_scales(terms, frame.student.tokens.x, frame)
    terms["image_foreground"].backward(retain_graph=True)
    grad = frame.student.tokens.x.grad
    assert grad[0].any()
    assert not grad[1].any()
    # A cell without foreground keeps the weight 1e-10 of the source.
    assert grad[2].abs().max() <= 1e-8
    sum(terms.values()).backward()
    assert not frame.student.tokens.x.grad[1].any()
    assert all(part.tokens.x.grad is None for part in frame.teachers["t"].parts.values())


def test_without_labels_attention_and_relation_are_left(distiller):
    terms = distiller(frame_of(labels=False))
    assert terms["image_foreground"].item() == 0
    assert all(terms[f"thermal_{term}"].item() > 0 for term in ("attention", "relation"))


def test_mistakes_are_named(distiller):
    with pytest.raises(ValueError, match="one width for each"):
        AMFD("seg", classes=("car",), streams=("image",), widths=(1, 2))
    wrong = AMFD("kind", classes=("a",), streams=("image",), widths=(6,))
    with pytest.raises(ValueError, match="needs a segmentation task"):
        wrong.connect({"student": Wide()}, TASKS)
    frame = frame_of()
    del frame.teachers["t"].parts["thermal"]
    with pytest.raises(ValueError, match="no part 'thermal'"):
        distiller(frame)
