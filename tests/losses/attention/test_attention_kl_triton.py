"""Attention KL on a GPU: the Triton kernels in Triton's interpreter on the CPU, and on a device where there is one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from losses.attention.maps import check_drawn, random_maps
from xmodal.losses import attention_kl_loss
from xmodal.losses.attention._maps import AttentionMap
from xmodal.losses.attention._streamed import TILED, kernels_for


def test_the_kernels_equal_the_dense_formula_in_the_interpreter() -> None:
    """In a process of its own: Triton asks once whether to interpret."""
    pytest.importorskip("triton", reason="Triton is not installed")
    tests = Path(__file__).with_name("interpreted.py")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tests)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "TRITON_INTERPRET": "1"})
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("capability", [80, 90])
@pytest.mark.parametrize("width", [64, 256])
@pytest.mark.parametrize(("dtype", "name"), [(torch.bfloat16, "bf16"), (torch.float32, "fp32")], ids=["bf16", "fp32"])
def test_the_kernels_compile_and_fit_on_a_chip_without_one(
    dtype: torch.dtype, name: str, width: int, capability: int
) -> None:
    """Ampere and Hopper; 99 KiB is what a block may take on the smallest of the former."""
    triton = pytest.importorskip("triton", reason="Triton is not installed")
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from xmodal.losses.attention import _triton, _triton_kernels

    side = AttentionMap(torch.zeros(1, 1, width, dtype=dtype), torch.zeros(1, 1, width, dtype=dtype), 1.0)
    shared = {"BQ": _triton._block(side, side), "BK": _triton._block(side, side), "CAUSAL": True, "MASKED": True}
    rows = dict.fromkeys(("D1", "D2", "W1", "W2"), width)
    gradient = dict.fromkeys(("DS", "DT", "WS", "WT"), width) | {"REVERSE": True, "OPERAND": _triton._operand(side)}
    types = {"key_mask": "*u8"} | dict.fromkeys(("NQ", "NK", "last"), "i32")
    types |= dict.fromkeys(("q1", "k1", "q2", "k2", "qs", "ks", "qt", "kt"), f"*{name}")
    types |= dict.fromkeys(("scale", "scale1", "scale2", "scale_student", "scale_teacher"), "fp32")
    for kernel, constants in (
        (_triton_kernels.rows_kernel, rows | shared),
        (_triton_kernels.query_gradient_kernel, gradient | shared),
        (_triton_kernels.key_gradient_kernel, gradient | shared),
    ):
        signature = {n: "constexpr" if n in constants else types.get(n, "*fp32") for n in kernel.arg_names}
        source = ASTSource(kernel, signature, constexprs=constants)
        target = GPUTarget("cuda", capability, 32)
        made = triton.compile(source, target=target, options={"num_stages": _triton._stages(side, side)})
        assert made.metadata.shared <= 99 * 1024, kernel


@pytest.mark.gpu
@pytest.mark.parametrize(("dtype", "of_gradients"), [(torch.float32, 1e-4), (torch.bfloat16, 2e-2)], ids=str)
def test_a_device_equals_the_dense_formula(dtype: torch.dtype, of_gradients: float) -> None:
    for seed in range(40):
        check_drawn(seed, dtype, of_gradients, device="cuda")


@pytest.mark.gpu
@pytest.mark.parametrize("width", [64, 128, 256])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_long_maps_on_a_device_equal_the_tiles(dtype: torch.dtype, width: int) -> None:
    maps = random_maps(dtype, lead=(2,), queries=1000, keys=1100, width=width, teacher_width=width)
    leaves = [x.to("cuda").requires_grad_() for x in maps[:2]]
    assert kernels_for(*leaves) is not TILED
    loss = attention_kl_loss(*leaves, *(x.to("cuda") for x in maps[2:]), causal=True)
    wide = [x.float().requires_grad_() for x in maps[:2]]
    expected = attention_kl_loss(*wide, *(x.float() for x in maps[2:]), causal=True)
    torch.testing.assert_close(loss.cpu(), expected, rtol=1e-4, atol=1e-5)
    tolerance = 1e-4 if dtype == torch.float32 else 2e-2
    for grad, other in zip(torch.autograd.grad(loss, leaves), torch.autograd.grad(expected, wide), strict=True):
        assert (grad.cpu().float() - other).abs().max() <= tolerance * other.abs().max()
