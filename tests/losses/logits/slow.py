"""Slow formulas of the losses between distributions."""

from math import log

from losses.slow import Array, softmax


def kd(s: Array, t: Array, temperature: float) -> float:
    pairs = zip(softmax(s / temperature), softmax(t / temperature), strict=True)
    return temperature**2 * sum(p_t * (log(p_t) - log(p_s)) for p_s, p_t in pairs)


def soft_label(s: Array, t: Array, temperature: float) -> float:
    return -sum(p_t * log(p_s) for p_s, p_t in zip(softmax(s), softmax(t / temperature), strict=True))
