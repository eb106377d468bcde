"""Global statistics of the MRI tell less than its places do; PET tells more."""

import numpy as np
import pytest
import torch
from torch import nn

from xmodal.adapter import Need
from xmodal.benchmarks.phantom import Phantom
from xmodal.benchmarks.phantom.pet import affected
from xmodal.benchmarks.phantom.spec import places_mm
from xmodal.data.batch import collate
from xmodal.data.sample import Sample
from xmodal.modalities.volume import VolumeConv


def statistics(sample: Sample) -> np.ndarray:
    """[49]: quantiles, histogram, shares of fluid, grey and white by intensity, size of the brain."""
    brain = sample.entries["volume/mri"].numpy()
    brain = brain[brain != 0]
    shares = np.histogram(brain, [-9, -0.9, 0.4, 9])[0] / len(brain)
    histogram = np.histogram(brain, np.linspace(-2.2, 2.2, 21))[0] / len(brain)
    return np.concatenate([np.quantile(brain, np.linspace(0.02, 0.98, 25)), histogram, shares, [len(brain)]])


def diagnoses(part: list[Sample]) -> np.ndarray:
    return np.array([int(s.labels["diagnosis"]) for s in part])  # type: ignore[arg-type]


def linear_accuracy(train: list[Sample], test: list[Sample]) -> float:
    """Of the best logistic regression: the strength of its penalty is even chosen on `test`."""
    model = pytest.importorskip("sklearn.linear_model")
    table, asked = (np.stack([statistics(s) for s in part]) for part in (train, test))
    mean, std = table.mean(0), table.std(0) + 1e-9
    scores = []
    for c in (0.001, 0.01, 0.1, 1.0):
        fitted = model.LogisticRegression(C=c, max_iter=5000).fit((table - mean) / std, diagnoses(train))
        scores.append(fitted.score((asked - mean) / std, diagnoses(test)))
    return max(scores)


def network_accuracy(train: list[Sample], test: list[Sample], steps: int) -> float:
    batch, asked = collate(train), collate(test)
    net, head = VolumeConv("volume/mri", widths=(8, 16, 32, 64)), nn.Linear(64, 2)
    both = nn.ModuleList([net, head])
    optimiser = torch.optim.AdamW(both.parameters(), lr=3e-3, weight_decay=0.5)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, steps, pct_start=0.1)
    for _ in range(steps):
        rows = batch.rows(torch.randperm(len(train))[:16])
        with torch.autocast("cpu", torch.bfloat16):
            output = head(net(rows, Need(pooled=True)).need_pooled("net"))
        optimiser.zero_grad()
        nn.functional.cross_entropy(output.float(), rows.labels["diagnosis"]).backward()
        nn.utils.clip_grad_norm_(both.parameters(), 1.0)
        optimiser.step()
        rate.step()
    both.eval()
    right = 0
    with torch.no_grad():
        for chunk in torch.arange(len(test)).split(50):
            part = asked.rows(chunk)
            answer = head(net(part, Need(pooled=True)).need_pooled("net")).argmax(1)
            right += int((answer == part.labels["diagnosis"]).sum())
    return right / len(test)


@pytest.mark.slow
def test_a_network_on_the_mri_beats_a_regression_on_its_global_statistics() -> None:
    split = Phantom(seed=77, test=600, val=0).splits(0)[0]
    train, test = list(split.train), list(split.test)
    shortcut, network = linear_accuracy(train, test), network_accuracy(train, test, steps=300)
    assert shortcut < 0.65
    assert network > shortcut + 0.05


def test_pet_shows_the_severity_where_the_disease_is() -> None:
    samples = [Phantom().sample(i) for i in range(60)]
    severity = np.array([s.meta["severity"] for s in samples])
    inside = affected(places_mm()) > 0.7
    uptake = np.array([s.entries["volume/pet"][0].numpy()[inside].mean() for s in samples])
    assert np.corrcoef(severity, uptake)[0, 1] < -0.6
