"""CLIP's towers as adapters agree with open_clip's own forward, load its files, and refuse what does not fit."""

import pytest
import torch
from safetensors.torch import save_file

from xmodal.adapter import Need
from xmodal.data.batch import collate
from xmodal.data.sample import Sample
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.text import OpenClip, OpenClipImage, OpenClipText, zero_shot_weights
from xmodal.modalities.text.clip_towers import CLIP_MEAN, CLIP_STD
from xmodal.modalities.text.either import example_pairs
from xmodal.modalities.text.entry import batch_of_texts, text_entry
from xmodal.testing import check_adapter

open_clip = pytest.importorskip("open_clip")

VISION = {"image_size": 32, "layers": 2, "width": 24, "head_width": 12, "patch_size": 8}
TEXT = {"context_length": 20, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 3}
TINY = {"embed_dim": 12, "vision_cfg": VISION, "text_cfg": TEXT}
RESNET = {**TINY, "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8}}
TIMM = {**TINY, "vision_cfg": {"timm_model_name": "test_vit", "image_size": 160, "timm_pool": "token"}}
EVERYTHING = Need(pooled=True, tokens=True, layers=True)
TEXTS = ["a red car", "snow", "two people on a bridge over the river", "word " * 40]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A model of open_clip's plain layout, and its file."""
    torch.manual_seed(5)
    model = open_clip.CLIP(**TINY).eval()
    path = tmp_path_factory.mktemp("clip") / "clip.safetensors"
    save_file(model.state_dict(), path)
    return model, str(path)


def test_contracts():
    check_adapter(OpenClipText(TINY))
    check_adapter(OpenClipImage(TINY), example_pairs(3, 32))
    check_adapter(OpenClip(TINY), example_pairs(3, 32))


def test_the_text_tower_gives_what_open_clip_gives(stored):
    model, path = stored
    own = OpenClipText(TINY, weights=path).eval()
    padded = open_clip.get_tokenizer("ViT-B-32")(TEXTS, context_length=20)
    with torch.no_grad():
        out, expected = own(batch_of_texts(TEXTS), EVERYTHING), model.encode_text(padded)
        hidden = model.forward_intermediates(text=padded, normalize_intermediates=True)["text_intermediates"]
    assert torch.allclose(out.pooled, expected, atol=1e-5)
    assert out.tokens.valid.sum(1).tolist() == [5, 3, 10, 20]
    for layer, reference in zip(out.layers, hidden, strict=True):
        assert torch.allclose(layer.x[layer.valid], reference[layer.valid], atol=1e-5)


def test_short_texts_are_not_padded_to_the_context():
    assert OpenClipText(TINY)(batch_of_texts(["snow"]), EVERYTHING).tokens.x.shape == (1, 3, 16)


def test_a_tower_without_causal_mask_sees_its_padding_as_it_was_trained_to():
    config = {**TINY, "text_cfg": {**TEXT, "no_causal_mask": True}}
    own = OpenClipText(config).eval()
    padded = open_clip.get_tokenizer("ViT-B-32")(TEXTS, context_length=20)
    with torch.no_grad():
        out = own(batch_of_texts(TEXTS), EVERYTHING)
        assert torch.allclose(out.pooled, own.tower.tower(padded), atol=1e-5)
    assert out.tokens.x.shape[1] == 20
    assert out.tokens.valid.sum(1).tolist() == [5, 3, 10, 20]


def test_the_image_tower_gives_what_open_clip_gives(stored):
    model, path = stored
    own = OpenClipImage(TINY, weights=path).eval()
    batch = example_pairs(3, 32)
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (CLIP_MEAN, CLIP_STD))
    scaled = (batch.tensor("image") / 255 - mean) / std
    with torch.no_grad():
        out, expected = own(batch, EVERYTHING), model.encode_image(scaled)
    assert torch.allclose(out.pooled, expected, atol=1e-5)
    assert torch.allclose(own(batch, Need(pooled=True)).pooled, expected, atol=1e-5)
    assert out.tokens.grid == (4, 4)
    assert out.tokens.where[0, 1].tolist() == [12.0, 4.0]
    assert len(out.layers) == 2


@pytest.mark.parametrize(("config", "side", "grid"), [(RESNET, 64, (2, 2)), (TIMM, 160, (10, 10))], ids=["rn", "timm"])
def test_other_kinds_of_image_towers(config, side, grid):
    own = OpenClipImage(config).eval()
    out = own(example_pairs(2, side), EVERYTHING)
    assert out.tokens.grid == grid
    assert out.pooled.shape == (2, 12)
    assert tuple(layer.x.shape[2] for layer in out.layers) == own.layer_widths


def test_both_towers_are_parts_of_one_embedding(stored):
    model, path = stored
    own = OpenClip(TINY, weights=path).eval()
    batch = example_pairs(3, 32)
    out = own(batch, EVERYTHING)
    for name, alone in (("image", OpenClipImage(TINY, weights=path)), ("text", OpenClipText(TINY, weights=path))):
        assert torch.allclose(out.parts[name].pooled, alone.eval()(batch, EVERYTHING).pooled, atol=1e-6)
        assert out.parts[name].tokens.key == name
    assert torch.equal(out.pooled, out.parts["image"].pooled)
    assert torch.allclose(out.outputs["logit_scale"], model.logit_scale.exp().expand(3))
    text = own(batch_with("snow"), EVERYTHING).parts["text"]
    assert torch.allclose(own.encode_texts(["snow"]), text.pooled, atol=1e-6)


def batch_with(text):
    return collate([Sample("a", {"image": torch.zeros(3, 32, 32), "text": text_entry(text)})])


def test_zero_shot_weights_of_a_clip_model():
    weights = zero_shot_weights(OpenClip(TINY).encode_texts, ["dog", "cat"])
    assert weights.shape == (2, 12)


def test_a_missing_text_is_finite():
    samples = [Sample("a", {"text": text_entry("snow")}), Sample("b", {})]
    out = OpenClipText(TINY)(collate(samples), EVERYTHING)
    assert out.pooled.isfinite().all()
    assert not out.tokens.valid[1].any()


def test_the_mean_and_std_travel_with_the_weights():
    own = OpenClipImage(TINY, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    rebuilt = OpenClipImage(TINY)
    assert rebuilt.tower.mean.flatten().tolist() == pytest.approx(CLIP_MEAN)
    rebuilt.load_state_dict(own.state_dict())
    assert rebuilt.tower.mean.flatten().tolist() == [0.5, 0.5, 0.5]
    assert rebuilt.tower.std.flatten().tolist() == [0.25, 0.25, 0.25]


def test_configs_that_do_not_fit_are_refused():
    for config, message in (
        ("ViT-B-33", "unknown CLIP model 'ViT-B-33'; known: "),
        ({"embed_dim": 12}, "expected the field 'vision_cfg'"),
        ("coca_ViT-B-32", "CoCa"),
        ("roberta-ViT-B-32", "another package"),
        ({**TINY, "text_cfg": {**TEXT, "vocab_size": 100}}, "vocab_size: expected at least 49408, found 100"),
        ({**TINY, "text_cfg": {**TEXT, "pool_type": "last"}}, "CLIP's own tokenizer"),
        ({**TINY, "text_cfg": {**TEXT, "hf_tokenizer_name": "x"}}, "CLIP's own tokenizer"),
        ({**TINY, "text_cfg": {**TEXT, "colour": 1}}, "open_clip refuses its config"),
    ):
        with pytest.raises(ConfigError, match=message):
            OpenClipText(config)
    with pytest.raises(ConfigError, match="a config of your own takes `weights`"):
        OpenClipText(TINY, pretrained="openai")
    with pytest.raises(ConfigError, match="unknown weights of CLIP model 'ViT-B-32'; tag 'mine'; known: "):
        OpenClipImage("ViT-B-32", pretrained="mine")
    with pytest.raises(ConfigError, match="not both"):
        OpenClip(TINY, pretrained="openai", weights="a.safetensors")


def test_weights_that_do_not_fit_are_refused(stored, tmp_path):
    _, path = stored
    wider = {**TINY, "text_cfg": {**TEXT, "context_length": 21}}
    with pytest.raises(DataError, match=r"tensor 'text.positional_embedding': expected \[21, 16\], found \[20, 16\]"):
        OpenClipText(wider, weights=path)
    deeper = {**TINY, "text_cfg": {**TEXT, "layers": 4}}
    with pytest.raises(DataError, match=r"resblocks\.3\..*found no tensor"):
        OpenClipText(deeper, weights=path)
    shallower = {**TINY, "text_cfg": {**TEXT, "layers": 2}}
    with pytest.raises(DataError, match=r"tensors of this model only, found 'text\.transformer\.resblocks\.2"):
        OpenClipText(shallower, weights=path)
    (tmp_path / "bad.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(DataError, match="found 64 bytes that are none"):
        OpenClipText(TINY, weights=str(tmp_path / "bad.safetensors"))
    with pytest.raises(DataError, match=r"an existing \.safetensors file"):
        OpenClipText(TINY, weights="clip.bin")


def test_images_of_another_size_are_refused():
    with pytest.raises(DataError, match=r"entry 'image': expected \[B, 3, 32, 32\] .*, found \[2, 3, 64, 64\]"):
        OpenClipImage(TINY)(example_pairs(2, 64), EVERYTHING)


@pytest.mark.slow
def test_a_named_model_and_its_towers():
    for model, side in (("ViT-B-32", 224), ("MobileCLIP-S1", 256), ("RN50", 224)):
        out = OpenClip(model).eval()(example_pairs(1, side), Need(pooled=True))
        assert out.parts["image"].pooled.shape == out.parts["text"].pooled.shape
