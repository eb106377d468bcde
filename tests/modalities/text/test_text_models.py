"""Our text encoder and causal language model: contract, masks, pooling, upper part, loss."""

import pytest
import torch
from torch.nn import functional as F

from xmodal.adapter import Need
from xmodal.bus import Tokens
from xmodal.data.batch import collate
from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import Compose
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.text import CausalLM, TextEncoder, next_token_loss
from xmodal.modalities.text.base import Ids
from xmodal.modalities.text.entry import batch_of_texts, text_entry
from xmodal.modalities.text.transforms import Tokenize
from xmodal.testing import check_adapter

EVERYTHING = Need(pooled=True, tokens=True, layers=True)
SMALL = {"width": 16, "depth": 3, "heads": 2, "context": 64}
MODELS = [TextEncoder, CausalLM]


@pytest.mark.parametrize(
    "make",
    [
        lambda: TextEncoder(**SMALL),
        lambda: TextEncoder(**SMALL, pool="first"),
        lambda: CausalLM(**SMALL, next_token=True),
    ],
)
def test_contract(make):
    check_adapter(make())


def test_the_causal_model_has_a_few_million_parameters():
    assert 3e6 < sum(p.numel() for p in CausalLM().parameters()) < 4e6


@pytest.mark.parametrize("model", MODELS)
def test_text_and_ids_give_the_same(model):
    model = model(**SMALL).eval()
    sample = Sample("a", {"text": text_entry("a red car")})
    ids, _ = Compose([Tokenize("bytes", 64)])(sample)
    a, b = model(collate([sample]), EVERYTHING), model(collate([ids]), EVERYTHING)
    assert torch.equal(a.tokens.x, b.tokens.x)
    assert a.tokens.x.shape == (1, 11, 16)


@pytest.mark.parametrize("model", MODELS)
def test_a_text_does_not_depend_on_the_length_of_others(model):
    model = model(**SMALL).eval()
    both, alone = (model(batch_of_texts(t), EVERYTHING) for t in (["snow", "a much longer text"], ["snow"]))
    assert torch.allclose(both.pooled[0], alone.pooled[0], atol=1e-6)
    assert torch.allclose(both.tokens.x[0, :6], alone.tokens.x[0], atol=1e-6)
    assert both.tokens.valid[0].sum() == 6
    assert not both.tokens.x[0, 6:].any()


def test_pooling_is_the_mean_or_the_first_or_the_last_token():
    batch = batch_of_texts(["snow", "a much longer text"])
    for model, expected in (
        (TextEncoder(**SMALL), Tokens.mean),
        (TextEncoder(**SMALL, pool="first"), lambda t: t.x[:, 0]),
        (CausalLM(**SMALL), lambda t: t.x[torch.arange(2), torch.tensor([5, 19])]),
    ):
        out = model.eval()(batch, EVERYTHING)
        assert torch.equal(out.pooled, expected(out.tokens))


def test_causal_tokens_do_not_see_what_follows_and_the_encoder_does():
    texts = batch_of_texts(["the road is wet", "the road is dry"])
    causal, free = (m(**SMALL).eval()(texts, EVERYTHING).tokens.x for m in (CausalLM, TextEncoder))
    assert torch.allclose(causal[0, :13], causal[1, :13], atol=1e-6)
    assert not torch.allclose(causal[0, 13], causal[1, 13], atol=1e-3)
    assert not torch.allclose(free[0, :13], free[1, :13], atol=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_a_missing_text_is_finite_and_counts_for_nothing(model):
    samples = [Sample("a", {"text": text_entry("snow")}), Sample("b", {})]
    out = model(**SMALL)(collate(samples), EVERYTHING)
    out.pooled.sum().backward()
    assert out.pooled.isfinite().all()
    assert not out.tokens.valid[1].any()
    none = model(**SMALL)(collate([Sample("b", {"text": Rows(torch.zeros(0, dtype=torch.uint8))})]), EVERYTHING)
    assert none.pooled.isfinite().all()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("layer", [-1, 0, 1, 2])
def test_the_upper_part_continues_where_a_layer_left_off(model, layer):
    model = model(**SMALL).eval()
    batch = batch_of_texts(["snow", "a much longer text"])
    full = model(batch, EVERYTHING)
    again = model.upper(batch, full.layers[layer].x, full.tokens.valid, layer, None)
    assert torch.allclose(again.pooled, full.pooled, atol=1e-6)
    assert torch.allclose(again.tokens.x, full.tokens.x, atol=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_the_upper_part_takes_any_number_of_tokens_and_gives_gradient_to_those_that_count(model):
    model = model(**SMALL).eval().requires_grad_(False)
    given = torch.randn(2, 7, 16, requires_grad=True)
    valid = torch.tensor([[1, 1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1]], dtype=torch.bool)
    model.upper(batch_of_texts(["a", "b"]), given, valid, 0, None).pooled.square().sum().backward()
    assert given.grad[valid].any(-1).all()
    assert not given.grad[~valid].any()
    with pytest.raises(ValueError, match="expected a layer from -1 to 2, found 3"):
        model.upper(batch_of_texts(["a", "b"]), given, valid, 3, None)


def test_logits_are_given_only_when_asked_for_and_share_the_embedding():
    batch = batch_of_texts(["snow"])
    assert not CausalLM(**SMALL)(batch, EVERYTHING).outputs
    model = CausalLM(**SMALL, next_token=True).eval()
    out = model(batch, EVERYTHING)
    assert torch.equal(out.outputs["next_token"], out.tokens.x @ model.token.weight.T)
    assert out.outputs["next_token"].shape == (1, 6, 258)
    assert "next_token" in model.upper(batch, out.layers[0].x, None, 0, None).outputs


def test_the_loss_is_the_mean_cross_entropy_of_the_next_ids():
    values = torch.tensor([[3, 1, 4, 0], [2, 5, 0, 0], [1, 0, 0, 0]])
    lengths = torch.tensor([4, 2, 1])
    valid = torch.arange(4) < lengths.unsqueeze(1)
    logits = torch.randn(3, 4, 6, dtype=torch.float64)
    expected = []
    for b, n in enumerate(lengths.tolist()):
        each = [-F.log_softmax(logits[b, i], 0)[values[b, i + 1]] for i in range(n - 1)]
        expected.append(sum(each) / len(each) if each else torch.tensor(0.0, dtype=torch.float64))
    assert torch.allclose(next_token_loss(logits, Ids(values, valid)), torch.stack(expected))
    with pytest.raises(ValueError, match=r"expected logits \[B, N\] = \[3, 4\], found \[3, 3\]"):
        next_token_loss(logits[:, :3], Ids(values, valid))


def test_the_causal_model_learns_a_sentence():
    model = CausalLM(**SMALL, next_token=True)
    batch = batch_of_texts(["the road is wet"] * 2)
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    losses = []
    for _ in range(40):
        loss = next_token_loss(model(batch, Need()).outputs["next_token"], model.ids(batch)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[0] > 5
    assert losses[-1] < 0.5


def test_wrong_ids_and_wrong_arguments_are_named():
    model = TextEncoder(**SMALL)

    def run(ids):
        model(collate([Sample("a", {"text": Rows(ids)})]), EVERYTHING)

    with pytest.raises(DataError, match="ids of the tokenizer 'bytes', 0 to 257, found 5 to 258"):
        run(torch.tensor([5, 258]))
    with pytest.raises(DataError, match="at most 64 token ids, found 65"):
        run(torch.zeros(65, dtype=torch.long))
    with pytest.raises(DataError, match=r"entry 'text': expected text: .* found torch.float32 \[3\]"):
        run(torch.zeros(3))
    with pytest.raises(ConfigError, match="a context of 3 ids or more, found 2"):
        CausalLM(context=2)
    with pytest.raises(ConfigError, match="unknown pool 'max'"):
        TextEncoder(pool="max")
    with pytest.raises(ConfigError, match="heads=3, width=16"):
        CausalLM(width=16, heads=3)
