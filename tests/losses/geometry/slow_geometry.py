"""Slow formulas of the losses between maps: loops over cells, boxes and superpixels."""

from math import exp, floor, log, sqrt
from typing import Any

import numpy as np

from losses.slow import Array, dot, huber, softmax


def _cells(s: Array) -> list[tuple[int, int, int]]:
    return list(np.ndindex(s.shape[0], *s.shape[2:]))


def _squared(s: Array, t: Array, cell: tuple[int, int, int]) -> float:
    b, h, w = cell
    return sum((x - y) ** 2 for x, y in zip(s[b, :, h, w], t[b, :, h, w], strict=True))


def _absolute(s: Array, t: Array, cell: tuple[int, int, int]) -> float:
    b, h, w = cell
    return sum(abs(x - y) for x, y in zip(s[b, :, h, w], t[b, :, h, w], strict=True))


def sigmoid(z: float) -> float:
    return 1 / (1 + exp(-z))


def _guarded(total: float) -> float:
    return float(np.float32(total) + np.float32(1e-4))


def masked_map(s: Array, t: Array, foreground: Array, form: str = "mean") -> float:
    channels = s.shape[1] if form == "mean" else 1
    total = sum(foreground[c] * _squared(s, t, c) / channels for c in _cells(s))
    return total / sum(foreground[c] for c in _cells(s))


def mask_scaling(s: Array, t: Array, foreground: Array, form: str = "paper") -> float:
    samples = len(s) if form == "released" else 1
    return masked_map(s, t, foreground) / 2 / samples


def activation_map(s: Array, t: Array, active_weight: float, inactive_weight: float) -> Array:
    kind = {}
    for b, h, w in _cells(s):
        if sum(s[b, :, h, w]) > 0:
            kind[b, h, w] = sum(t[b, :, h, w]) > 0
    both, alone = sum(kind.values()), len(kind) - sum(kind.values())
    weight = {True: active_weight, False: inactive_weight * float(np.float32(both) / np.float32(alone))}
    items = np.zeros(len(s))
    for cell, shown in kind.items():
        items[cell[0]] += weight[bool(shown)] * _squared(s, t, cell)
    return items


def activation_mask(s: Array, t: Array) -> float:
    """Of one sample [C, H, W]."""
    cells = list(np.ndindex(s.shape[1:]))
    return sum(abs(sigmoid(sum(s[:, h, w])) - (sum(t[:, h, w]) > 0)) for h, w in cells) / len(cells)


def proposal_map(
    s: Array,
    t: Array,
    student_heatmap: Array,
    label_heatmap: Array,
    threshold: float,
    object_weight: float,
    false_weight: float,
) -> float:
    objects, false = [], []
    for b, h, w in _cells(s):
        claimed, labelled = max(student_heatmap[b, :, h, w]), max(label_heatmap[b, :, h, w])
        pairs = zip(softmax(s[b, :, h, w]), softmax(t[b, :, h, w]), strict=True)
        difference = sum(abs(x - y) for x, y in pairs)
        if labelled > threshold:
            objects.append(difference)
        elif claimed > threshold:
            false.append(difference)
    assert len(objects) > 3
    assert len(false) > 3
    return object_weight * sum(objects) / len(objects) + false_weight * sum(false) / len(false)


def _between(image: Array, row: float, column: float, beyond: str) -> list[float]:
    """The vector of [C, H, W] at a place counted in pixel centres, zero or the nearest pixel beyond the border."""
    height, width = image.shape[1:]
    top, left = floor(row), floor(column)
    value = [0.0] * len(image)
    for r in (top, top + 1):
        for c in (left, left + 1):
            weight = (1 - abs(row - r)) * (1 - abs(column - c))
            inside = 0 <= r < height and 0 <= c < width
            if inside or beyond == "nearest":
                pixel = image[:, min(max(r, 0), height - 1), min(max(c, 0), width - 1)]
                value = [v + weight * float(p) for v, p in zip(value, pixel, strict=True)]
    return value


def _read(image: Array, point: Any, form: str) -> list[float]:
    height, width = image.shape[1:]
    x, y = point
    if form == "released":
        x, y = y / height * width, x / width * height
    return _between(image, y - 0.5, x - 0.5, "zero")


def keypoint_feature(s: Array, t: Array, points: Array, sample: Array, form: str = "paper") -> float:
    total = 0.0
    for own, b in zip(points, sample, strict=True):
        for point in own:
            pairs = zip(_read(s[b], point, form), _read(t[b], point, form), strict=True)
            total += sum(abs(x - y) for x, y in pairs) / len(own) / s.shape[1]
    return total / _guarded(len(points))


def keypoint_relation(s: Array, t: Array, points: Array, sample: Array, form: str = "paper") -> float:
    total = 0.0
    for own, b in zip(points, sample, strict=True):
        ours, theirs = ([_scaled(_read(x[b], point, form)) for point in own] for x in (s, t))
        for i in range(len(own)):
            for j in range(len(own)):
                total += abs(dot(ours[i], ours[j]) - dot(theirs[i], theirs[j])) / len(own) ** 2
    return total / _guarded(len(points))


def _scaled(x: list[float]) -> list[float]:
    length = sqrt(dot(x, x)) + 1e-4
    return [v / length for v in x]


def heatmap_response(s: Array, t: Array, foreground: Array, form: str = "paper") -> float:
    softness, least = (2, 1e-3) if form == "released" else (1, 1e-4)
    total = 0.0
    for b, h, w in _cells(s):
        ours = max(min(max(sigmoid(z), 1e-4), 1 - 1e-4) for z in s[b, :, h, w])
        theirs = max(min(max(sigmoid(z / softness), least), 1 - least) for z in t[b, :, h, w])
        total += foreground[b, h, w] * abs(ours - theirs)
    return total / _guarded(foreground.sum())


def box_response(s: Array, t: Array, foreground: Array) -> float:
    total = sum(foreground[c] * _absolute(s, t, c) / s.shape[1] for c in _cells(s))
    return total / _guarded(foreground.sum())


def quality_focal(s: Array, t: Array, exponent: float, threshold: float) -> float:
    total, objects = 0.0, 0
    for x, y in zip(s.flat, t.flat, strict=True):
        p, q = (min(max(sigmoid(z), 1e-4), 1 - 1e-4) for z in (x, y))
        total += abs(p - q) ** exponent * -(q * log(p) + (1 - q) * log(1 - p))
        objects += q > threshold
    return total / objects


def heatmap_box(s: Array, t: Array, heatmap: Array, threshold: float, beta: float) -> float:
    total, hot = 0.0, 0
    for b, h, w in _cells(s):
        heat = sum(heatmap[b, :, h, w])
        if heat > threshold:
            hot += 1
            total += heat * sum(huber(x - y, beta) for x, y in zip(s[b, :, h, w], t[b, :, h, w], strict=True))
    assert 0 < hot < len(_cells(s))
    return total / hot


def affinity_matrix(s: Array, t: Array, sizes: tuple[int, ...], form: str = "paper") -> Array:
    items = np.zeros(len(s))
    for b in range(len(s)):
        for size in sizes:
            ours, theirs = _resized(s[b], size), _resized(t[b], size)
            pairs = list(np.ndindex(len(ours), len(ours)))
            difference = sum(abs(dot(ours[i], ours[j]) - dot(theirs[i], theirs[j])) for i, j in pairs)
            items[b] += difference / len(pairs)
    return items / (len(s) if form == "released" else 1)


def _resized(image: Array, size: int) -> list[list[float]]:
    """The vectors of the size x size cells; a place before the first pixel centre is that centre."""
    height, width = image.shape[1:]
    rows = [max((i + 0.5) * height / size - 0.5, 0) for i in range(size)]
    columns = [max((i + 0.5) * width / size - 0.5, 0) for i in range(size)]
    return [_between(image, r, c, "nearest") for r in rows for c in columns]


def superpixel_contrast(
    s: Array, t: Array, student_segments: Array, teacher_segments: Array, temperature: float
) -> float:
    both = [set(x) & set(y) for x, y in zip(student_segments, teacher_segments, strict=True)]
    keys = [(b, k) for b, own in enumerate(both) for k in own if k >= 0]
    ours = [_mean(s[b], student_segments[b], k) for b, k in keys]
    theirs = [_mean(t[b], teacher_segments[b], k) for b, k in keys]
    assert len(keys) > 6
    losses = [-log(softmax(np.array([dot(k, q) / temperature for q in theirs]))[i]) for i, k in enumerate(ours)]
    return sum(losses) / len(losses)


def _mean(x: Array, segments: Array, which: int) -> list[float]:
    members = [v for v, k in zip(x, segments, strict=True) if k == which]
    return [float(sum(column)) / (len(members) + 1e-6) for column in zip(*members, strict=True)]


def margin_response(s: Array, t: Array, margin: float) -> float:
    return max(0.0, sqrt(sum((x - y) ** 2 for x, y in zip(s, t, strict=True))) - margin)


def masked_huber(s: Array, t: Array, valid: Array, scale: tuple[float, ...], delta: float) -> float:
    total = 0.0
    for c in range(s.shape[1]):
        known = [cell for cell in _cells(s) if valid[cell]]
        scaled = [(s[b, c, h, w] - t[b, c, h, w]) / scale[c] for b, h, w in known]
        total += sum(delta * huber(d, delta) for d in scaled) / len(known)
    return total


def occupancy(s: Array, t: Array, predicted_occupancy: Array, occupancy: Array, occupancy_weight: float) -> Array:
    items = []
    for b in range(len(s)):
        noise = [(x - y) ** 2 for x, y in zip(s[b].flat, t[b].flat, strict=True)]
        seen = [(x - y) ** 2 for x, y in zip(predicted_occupancy[b].flat, occupancy[b].flat, strict=True)]
        items.append(sum(noise) / len(noise) + occupancy_weight * sum(seen) / len(seen))
    return np.array(items)


def lovasz(s: Array, labels: Array, ignore_label: int | None = None) -> float:
    rows = [(softmax(z), y) for z, y in zip(s.reshape(-1, s.shape[-1]), labels.flat, strict=True) if y != ignore_label]
    present = sorted({int(y) for _, y in rows})
    return sum(_class_lovasz(rows, c) for c in present) / len(present)


def _class_lovasz(rows: list[tuple[list[float], int]], c: int) -> float:
    ranked = sorted(((abs((y == c) - p[c]), y == c) for p, y in rows), reverse=True)
    own = sum(mine for _, mine in ranked)
    loss, before = 0.0, 0.0
    for n in range(1, len(ranked) + 1):
        wrong = ranked[:n]  # the IoU if exactly the worst n were wrong
        missed = sum(mine for _, mine in wrong)
        now = 1 - (own - missed) / (own + n - missed)
        loss += ranked[n - 1][0] * (now - before)
        before = now
    return loss
