"""Small EEG files written by hand from the formats' descriptions, for the tests of readers."""

import struct
from pathlib import Path

import numpy as np

RATE, RECORDS = 50, 4
NAMES = ("EEG Fp1", "T3", "Resp")
UNITS = ("uV", "mV", "degC")
PHYSICAL = ((-400.0, 400.0), (-2.0, 2.0), (0.0, 50.0))
STEPS = np.random.default_rng(3).integers(-32768, 32768, (3, RATE * RECORDS)).astype("<i2")


def wanted_uv() -> np.ndarray:
    """[2, T]: what a reader must give for the two voltages, by the formula of the format."""
    rows = []
    for steps, (low, high), unit in zip(STEPS[:2], PHYSICAL, (1.0, 1000.0), strict=False):
        rows.append((low + (steps.astype(float) + 32768) * (high - low) / 65535) * unit)
    return np.array(rows)


def write_edf(path: Path, records: int = RECORDS, annotations: bool = True) -> Path:
    """Three signals of one second a record, and a signal of annotations with "eyes closed" at 1.5 s."""
    columns: list[tuple[int, list[str]]] = [
        (16, [*NAMES, "EDF Annotations"]),
        (80, [""] * 4),
        (8, [*UNITS, ""]),
        (8, [*(f"{low:g}" for low, _ in PHYSICAL), "-1"]),
        (8, [*(f"{high:g}" for _, high in PHYSICAL), "1"]),
        (8, ["-32768"] * 4),
        (8, ["32767"] * 4),
        (80, [""] * 4),
        (8, [f"{RATE}"] * 3 + ["20"]),
        (32, [""] * 4),
    ]
    signals = 4 if annotations else 3
    head = [("0", 8), ("X X X X", 80), ("Startdate 01-JAN-2020 X X X", 80), ("01.01.20", 8), ("10.00.00", 8)]
    head += [(f"{256 * (signals + 1)}", 8), ("EDF+C", 44), (f"{records}", 8), ("1", 8), (f"{signals}", 4)]
    text = "".join(value.ljust(width) for value, width in head)
    text += "".join(value.ljust(width) for width, values in columns for value in values[:signals])
    body = b""
    for number in range(RECORDS):
        body += STEPS[:, number * RATE : (number + 1) * RATE].tobytes()
        note = f"+{number}\x14\x14\0" + ("+1.5\x150.25\x14eyes closed\x14\0" if number == 1 else "")
        body += note.encode().ljust(40, b"\0") if annotations else b""
    path.write_bytes(text.encode("ascii") + body)
    return path


def write_gdf(path: Path) -> Path:
    """GDF 2.20: two signals of int16 (uV by its code 4275, mV by 4274), one event 769 at sample 26, for 10 samples."""
    head = b"GDF 2.20" + b" " * 66 + b"\0" * 10 + b"\0" * 4 + b" " * 64 + b"\0" * 4 + b"\0" * 12
    head += struct.pack("<QQH", 0, 0, 3) + b"\0" * 6 + b"\0" * 8 + b"\0" * 6 + b"\0" * 6 + b"\0" * 24
    head += struct.pack("<qIIHH", RECORDS, 1, 1, 2, 0)
    assert len(head) == 256
    table = b"".join(name.encode().ljust(16, b"\0") for name in NAMES[:2]) + b"\0" * 160 + b"\0" * 12
    table += struct.pack("<HH", 4275, 4274)
    table += np.array([*(p[0] for p in PHYSICAL[:2]), *(p[1] for p in PHYSICAL[:2])], "<f8").tobytes()
    table += np.array([-32768, -32768, 32767, 32767], "<f8").tobytes() + b"\0" * 136 + b"\0" * 24
    table += np.array([RATE, RATE, 3, 3], "<i4").tobytes() + b"\0" * 24 + b"\0" * 40
    assert len(table) == 512
    body = b"".join(STEPS[:2, n * RATE : (n + 1) * RATE].tobytes() for n in range(RECORDS))
    events = b"\3" + b"\1\0\0" + struct.pack("<f", RATE) + struct.pack("<IHHI", 26, 769, 0, 10)
    path.write_bytes(head + table + body + events)
    return path


def write_brainvision(path: Path) -> Path:
    """Two channels of int16, 0.5 uV a step, with one marker at sample 11 (the first is 1)."""
    path.write_text(
        "Brain Vision Data Exchange Header File Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={path.stem}.eeg\nMarkerFile={path.stem}.vmrk\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\n"
        "NumberOfChannels=2\nSamplingInterval=20000\n\n[Binary Infos]\nBinaryFormat=INT_16\n\n"
        "[Channel Infos]\nCh1=Fp1,,0.5,µV\nCh2=T3,,0.5,µV\n",
        encoding="utf-8",
    )
    path.with_suffix(".vmrk").write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={path.stem}.eeg\n\n[Marker Infos]\nMk1=Stimulus,S  7,11,5,0\n",
        encoding="utf-8",
    )
    path.with_suffix(".eeg").write_bytes(STEPS[:2].T.tobytes())
    return path


def write_eeglab(path: Path, *, apart: bool = False) -> Path:
    """Two channels in microvolts with one event "go" at sample 51 (the first is 1); `apart`: data in a .fdt file."""
    from scipy.io import savemat

    data = STEPS[:2].astype("<f4") / 100
    places = np.array([("Fp1",), ("T3",)], dtype=[("labels", object)])
    event = np.array([("go", 51.0, 5.0)], dtype=[("type", object), ("latency", float), ("duration", float)])
    held: object = f"{path.stem}.fdt" if apart else data
    fields = dict(setname="made", nbchan=2, trials=1, pnts=data.shape[1], srate=float(RATE), xmin=0.0, data=held)
    fields |= dict(chanlocs=places, event=event, icawinv=[], icaweights=[], icasphere=[], urevent=[], epoch=[])
    savemat(path, {"EEG": fields}, appendmat=False, do_compression=True)
    if apart:
        path.with_suffix(".fdt").write_bytes(data.T.tobytes())
    return path
