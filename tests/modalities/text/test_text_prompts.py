"""Zero-shot classifiers: normalise each prompt, average, normalise again; against a slow formula in float64."""

import math

import pytest
import torch

from xmodal.errors import ConfigError, DataError
from xmodal.modalities.text import TextEncoder, zero_shot_logits, zero_shot_weights
from xmodal.modalities.text.prompts import PLAIN, VARIED, fill_templates

NAMES = ("red_car", "dog", "{} brace")
TEMPLATES = ("a photo of a {}.", "the {}", "{} at {night")


def table(dtype=torch.float64):
    """An encoder that knows a random vector for each prompt, of very different lengths."""
    known: dict[str, torch.Tensor] = {}
    generator = torch.Generator().manual_seed(7)

    def encode(texts):
        for text in texts:
            vector = torch.randn(5, generator=generator, dtype=torch.float64)
            known.setdefault(text, vector * 10 ** float(torch.rand((), generator=generator) * 3))
        return torch.stack([known[text] for text in texts]).to(dtype)

    return encode, known


def slow_weights(known, names, templates):
    rows = []
    for name in names:
        total = [0.0] * 5
        for template in templates:
            vector = known[template.replace("{}", name.replace("_", " "))].tolist()
            length = math.sqrt(sum(v * v for v in vector))
            total = [t + v / length for t, v in zip(total, vector, strict=True)]
        mean = [t / len(templates) for t in total]
        length = math.sqrt(sum(v * v for v in mean))
        rows.append([v / length for v in mean])
    return torch.tensor(rows, dtype=torch.float64)


def test_weights_follow_the_formula():
    encode, known = table()
    weights = zero_shot_weights(encode, NAMES, TEMPLATES)
    assert torch.allclose(weights, slow_weights(known, NAMES, TEMPLATES), atol=1e-12)
    assert torch.allclose(weights.norm(dim=1), torch.ones(3, dtype=torch.float64))


def test_half_precision_is_lifted():
    encode, known = table(torch.bfloat16)
    weights = zero_shot_weights(encode, NAMES, TEMPLATES)
    assert weights.dtype == torch.float32
    assert torch.allclose(weights.double(), slow_weights(known, NAMES, TEMPLATES), atol=0.02)


def test_logits_are_scaled_cosines():
    image, weights = torch.randn(4, 5, dtype=torch.float64) * 9, zero_shot_weights(table()[0], NAMES)
    logits = zero_shot_logits(image, weights, scale=10.0)
    for b in range(4):
        for c in range(3):
            cosine = float(image[b] @ weights[c]) / float(image[b].norm() * weights[c].norm())
            assert math.isclose(float(logits[b, c]), 10 * cosine, rel_tol=1e-9, abs_tol=1e-9)
    assert torch.allclose(zero_shot_logits(weights, weights).argmax(1), torch.arange(3))


def test_prompts_are_filled_in_plain_words():
    assert fill_templates("red_car ", ["a {}."]) == ["a red car."]
    assert all(t.count("{}") == 1 for t in PLAIN + VARIED)
    assert len(set(VARIED)) == len(VARIED)


def test_a_text_adapter_encodes_prompts_and_keeps_its_mode():
    model = TextEncoder(width=16, depth=1, heads=2, dropout=0.5).train()
    weights = zero_shot_weights(model.encode_texts, ["dog", "cat", "car"], VARIED)
    assert model.training
    assert weights.shape == (3, 16)
    assert not weights.requires_grad
    assert torch.equal(model.encode_texts(["dog", "a cat"]), model.encode_texts(["dog", "a cat"]))
    one_by_one = model.encode_texts(["dog", "a cat"], batch_size=1)
    assert torch.allclose(one_by_one, model.encode_texts(["dog", "a cat"]), atol=1e-6)


def test_wrong_names_and_templates_are_named():
    encode, _ = table()
    with pytest.raises(DataError, match="found 'dog' twice"):
        zero_shot_weights(encode, ["dog", "dog"])
    with pytest.raises(DataError, match="found a blank one"):
        zero_shot_weights(encode, ["dog", " "])
    with pytest.raises(DataError, match="at least one, found none"):
        zero_shot_weights(encode, [])
    with pytest.raises(ConfigError, match=r"template 'a photo': expected one \{\}"):
        zero_shot_weights(encode, ["dog"], ["a photo"])
    with pytest.raises(ConfigError, match="at least one template"):
        zero_shot_weights(encode, ["dog"], [])
    with pytest.raises(ValueError, match=r"found \[2, 3\] and \[4, 5\]"):
        zero_shot_logits(torch.zeros(2, 3), torch.zeros(4, 5))
