"""DLink in miniature: a router mixes teacher layers on a (channels, patches) grid; spectra run along the patches."""

import torch
from torch import nn

from contract.toys import batch, gradients
from xmodal.adapter import Adapter, Need
from xmodal.bus import Embedding, Tokens
from xmodal.distillation import Distillation
from xmodal.distillers import Distiller


class Electrodes(Adapter):
    """[B, channels, time] cut into patches; every layer keeps the (channels, patches) grid."""

    modality = "eeg"
    inputs = ("eeg",)

    def __init__(self, width, depth):
        super().__init__()
        self.width = self.token_width = width
        self.layer_widths = (width,) * depth
        self.embed = nn.Linear(10, width)
        self.blocks = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))

    def forward(self, batch, need):
        x = self.embed(batch["eeg"].unflatten(2, (-1, 10)))  # [B, channels, patches, D]
        layers = []
        for block in self.blocks:
            x = block(x).tanh()
            layers.append(Tokens(x.flatten(1, 2), grid=tuple(x.shape[1:3]), key="eeg"))
        return Embedding(pooled=layers[-1].mean(), tokens=layers[-1], layers=tuple(layers) if need.layers else ())


class Router(Distiller):
    def __init__(self, teacher, widths, depth):
        super().__init__(teacher)
        self.project, self.route = nn.Linear(*widths), nn.Linear(widths[1], depth)

    def needs(self):
        return {"student": Need(tokens=True), self.teacher: Need(layers=True)}

    def forward(self, frame):
        layers = frame.teachers[self.teacher].layers
        stack = torch.stack([layer.x for layer in layers], 1)  # [B, L, N, D]
        share = self.route(stack.mean((1, 2))).softmax(-1)  # one mixture a sample
        routed = torch.einsum("bl,blnd->bnd", share, stack)
        mimic = self.project(frame.student.tokens.x)
        spectra = [torch.fft.rfft(t.unflatten(1, layers[0].grid), dim=2).abs() for t in (mimic, routed.detach())]
        return {
            "mimic": (mimic - routed.detach()).square().mean((1, 2)),
            "spectrum": (spectra[0] - spectra[1]).abs().mean((1, 2, 3)),
            "route": routed.square().mean((1, 2)),
        }


def test_the_router_sees_every_layer_and_the_mimic_term_leaves_it_alone():
    student, teacher, router = Electrodes(4, 1), Electrodes(6, 3), Router("big", (4, 6), 3)
    step = Distillation(student, {}, teachers={"big": teacher}, distillers={"dlink": router})
    terms = step(batch(eeg=torch.randn(6, 5, 40))).terms
    (terms["dlink/mimic"] + terms["dlink/spectrum"]).sum().backward()
    assert "embed.weight" in gradients(student)
    assert gradients(router) == ["project.weight", "project.bias"]
