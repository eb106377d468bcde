"""In which form the parts of a store are kept: fewer bits, fewer channels, the largest logits, or not at all."""

import pytest
import torch

from store.rig import job, live, written
from xmodal.errors import ConfigError, DataError
from xmodal.store import Form, Store, write_store


@pytest.mark.parametrize(
    ("forms", "error"),
    [
        ({"": Form("float16")}, 1e-3),
        ({"": Form("bfloat16")}, 1e-2),
        ({"": Form("int8")}, 1e-2),
        ({"tokens": Form("int8"), "outputs.whole": Form("float16")}, 1e-2),
    ],
)
def test_fewer_bits_cost_what_the_plan_says(tmp_path, forms, error):
    plans = []
    write_store(tmp_path / "a", job(forms=forms), planned=lambda plan, count: plans.append((plan, count)))
    exact, store = Store(written(tmp_path / "b")), Store(tmp_path / "a")
    keys = [f"s{i:03d}" for i in range(40)]
    for name, told in plans[0][0].error.items():
        a, b = (s.columns([s.record(k) for k in keys])[name].double() for s in (store, exact))
        assert float((a - b).norm() / b.norm()) == pytest.approx(told, rel=0.3)
        assert told < error


def test_chosen_layers_keep_their_numbers_and_others_say_that_they_were_left_out(tmp_path):
    folder = written(tmp_path / "a", forms={"layers": Form("none"), "layers.1": Form("float32")})
    _, expected = live(["s001", "s002"])
    found = Store(folder).read(["s001", "s002"]).detach()
    assert torch.equal(found.layers[1].x, expected.layers[1].x)
    assert torch.equal(found.layers[-1].x, expected.layers[-1].x)
    with pytest.raises(
        DataError, match=r"layers\.0: expected this layer in the teacher's store, found that it was left"
    ):
        _ = found.layers[0].x
    assert not any("layers.0" in part.name for part in Store(folder).records.parts)
    bare = Store(written(tmp_path / "b", forms={"tokens": Form("none")})).read(["s001"])
    assert bare.tokens is None
    assert len(bare.layers) == 2


def test_nothing_at_all_is_no_store(tmp_path):
    with pytest.raises(ConfigError, match="form: nothing is left to store"):
        written(tmp_path / "a", forms={"": Form("none")})


def test_a_pca_and_the_largest_logits_are_kept(tmp_path):
    forms = {"pooled": Form("float16", pca=2), "outputs.whole": Form("float32", top=2)}
    store = Store(written(tmp_path / "a", forms=forms))
    _, expected = live(["s001", "s002"])
    found = store.read(["s001", "s002"])
    assert found.pooled.shape == (2, 6)
    assert torch.equal(found.outputs["whole"].argmax(1), expected.outputs["whole"].argmax(1))
    assert store.plan["lost_variance"]["pooled"] > 0


def test_other_forms_are_told(tmp_path):
    written(tmp_path / "a")
    with pytest.raises(ConfigError, match="differs in the forms that parts are kept in"):
        write_store(tmp_path / "a", job(forms={"": Form("int8")}))
    with pytest.raises(ConfigError, match=r"form of 'tokken': the teacher returns pooled, tokens\.x"):
        write_store(tmp_path / "b", job(forms={"tokken": Form("int8")}))
