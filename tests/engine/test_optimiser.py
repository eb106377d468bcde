"""An update is AdamW's own step behind torch's own clipping, to the bit."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from xmodal.engine.optimiser import optimiser
from xmodal.engine.schedule import Schedule


class Net(nn.Module):
    """`side` gets a gradient in some steps only, `never` in none."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.side, self.last, self.never = (
            nn.Linear(4, 8),
            nn.Linear(8, 8),
            nn.Linear(8, 3),
            nn.Linear(2, 2),
        )

    def forward(self, x, aside):
        hidden = self.first(x).tanh()
        return self.last(self.side(hidden) if aside else hidden)


def train(net, update, steps, start=0):
    for step in range(start, start + steps):
        make = torch.Generator().manual_seed(step)
        x = torch.randn(5, 4, generator=make, dtype=net.first.weight.dtype)
        F.mse_loss(net(x, aside=step % 3 == 2).to(torch.float64), torch.zeros(5, 3, dtype=torch.float64)).backward()
        update()


def by_torch(net, schedule, limit):
    """The update as torch's manual has it."""
    groups = [
        {"params": [p for p in net.parameters() if p.dim() > 1], "weight_decay": schedule.weight_decay},
        {"params": [p for p in net.parameters() if p.dim() <= 1], "weight_decay": 0.0},
    ]
    plain = torch.optim.AdamW(groups, lr=schedule.learning_rate, fused=True)

    def update():
        if limit:
            nn.utils.clip_grad_norm_([p for group in groups for p in group["params"]], limit)
        plain.step()
        plain.zero_grad(set_to_none=True)

    return update


def same(ours, theirs):
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(a, b)
        assert a.grad is None


@pytest.mark.parametrize("limit", [0.0, 0.05, 100.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_is_what_torch_does(limit, dtype):
    ours, theirs, schedule = Net().to(dtype), Net().to(dtype), Schedule(learning_rate=0.1)
    own = optimiser(ours, schedule)
    train(ours, lambda: own.update(limit), 12)
    train(theirs, by_torch(theirs, schedule, limit), 12)
    same(ours, theirs)
    assert not torch.equal(ours.side.weight, Net().to(dtype).side.weight)


def test_parameters_of_two_types_train_as_well():
    nets = [Net(), Net()]
    for net in nets:
        net.last.to(torch.float64)
        net.forward = lambda x, aside, net=net: net.last(net.first(x).tanh().double())
    schedule = Schedule(learning_rate=0.1)
    own = optimiser(nets[0], schedule)
    train(nets[0], lambda: own.update(1.0), 5)
    train(nets[1], by_torch(nets[1], schedule, 1.0), 5)
    same(*nets)


def test_its_state_goes_on_where_it_stopped():
    whole, schedule = Net(), Schedule()
    own = optimiser(whole, schedule)
    train(whole, lambda: own.update(1.0), 4)
    half = copy.deepcopy(whole)
    other = optimiser(half, schedule)
    other.load_state_dict(copy.deepcopy(own.state_dict()))
    train(whole, lambda: own.update(1.0), 4, start=4)
    train(half, lambda: other.update(1.0), 4, start=4)
    same(whole, half)


def test_matrices_are_decayed_and_vectors_are_not():
    net = nn.Linear(2, 2)
    own, before = optimiser(net, Schedule(learning_rate=0.1, weight_decay=0.5)), copy.deepcopy(net)
    for parameter in net.parameters():
        parameter.grad = torch.zeros_like(parameter)
    own.update(0.0)
    torch.testing.assert_close(net.weight, 0.95 * before.weight)
    assert torch.equal(net.bias, before.bias)
