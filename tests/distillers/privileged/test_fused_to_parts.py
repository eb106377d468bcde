"""The fused answer is taught back to each part: values by formula, masks, the stop at the fused side."""

import pytest
import torch
from torch.nn import functional as F

from xmodal.bus import Embedding, Frame
from xmodal.data.batch import Batch
from xmodal.distillers import FusedToParts

B = 4


def frame(fused_as="peers"):
    torch.manual_seed(0)

    def answers():
        return Embedding(outputs={"t": torch.randn(B, 3, requires_grad=True)})

    fused, audio = answers(), answers()
    others = {"peers": {"audio": audio, "both": fused}} if fused_as == "peers" else {
        "peers": {"audio": audio}, "teachers": {"both": fused}}  # fmt: skip
    return Frame(
        student=answers(),
        batch=Batch(tuple(map(str, range(B))), {}, torch.arange(B)),
        taught={"both": torch.tensor([True, True, True, False]), "audio": torch.tensor([True, False, True, True])},
        **others,
    )


@pytest.mark.parametrize("fused_as", ["peers", "teachers"])
def test_each_part_has_its_own_divergence_over_the_samples_that_both_saw(fused_as):
    given = frame(fused_as)
    found = FusedToParts("t", fused="both", parts=("student", "audio"), temperature=2.0)(given)
    assert list(found) == ["student", "audio"]
    fused = given.other("both").outputs["t"]
    for name, part, kept in (("student", given.student, [0, 1, 2]), ("audio", given.peers["audio"], [0, 2])):
        log_p = (part.outputs["t"][kept] / 2).log_softmax(1)
        expected = 4 * F.kl_div(log_p, (fused[kept] / 2).softmax(1), reduction="batchmean")
        torch.testing.assert_close(found[name].mean(), expected)
        dropped = [i for i in range(B) if i not in kept]
        assert found[name][dropped].abs().sum() == 0


def test_parts_get_gradient_and_the_fused_model_none():
    given = frame()
    sum(t.sum() for t in FusedToParts("t", fused="both", parts=("student", "audio"))(given).values()).backward()
    assert given.student.outputs["t"].grad.any()
    assert given.peers["audio"].outputs["t"].grad.any()
    assert given.peers["both"].outputs["t"].grad is None


def test_it_is_zero_where_parts_agree_with_the_fusion():
    given = frame()
    given.student.outputs["t"] = given.peers["both"].outputs["t"].detach() + 3
    found = FusedToParts("t", fused="both")(given)["student"]
    torch.testing.assert_close(found, torch.zeros(B), atol=1e-6, rtol=0)


def test_names_that_make_no_sense_are_refused():
    for parts in ("audio", (), ("both",), ("audio", "audio")):
        with pytest.raises(ValueError, match="parts: expected several models other than 'both'"):
            FusedToParts("t", fused="both", parts=parts)
    assert FusedToParts("t", fused="both", parts=("student", "audio")).reads == ("both", "audio")
