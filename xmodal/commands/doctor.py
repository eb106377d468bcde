"""`xmodal doctor`: versions, optional packages, and the contract of every adapter."""

from __future__ import annotations

import argparse
import json
from importlib.metadata import PackageNotFoundError, version

from xmodal import plugins

EXAMPLE = "xmodal doctor"
PACKAGES = {
    "torch": "",
    "torchvision": "",
    "torchaudio": "",
    "timm": "",
    "mmengine": "",
    "spconv": "lidar",
    "laspy": "geo",
    "tifffile": "geo",
    "pyshp": "geo",
    "scikit-learn": "geo",
    "open_clip_torch": "text",
    "soundfile": "audio",
    "mne": "eeg",
    "braindecode": "eeg",
    "nibabel": "medical",
    "monai": "medical",
    "h5py": "series",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="machine-readable output")


def run(args: argparse.Namespace) -> int:
    rows = {"packages": _packages(), "adapters": _adapters()}
    if args.json:
        print(json.dumps(rows, indent=2))
    else:
        for title, checks in rows.items():
            print(title)
            for name, state in checks.items():
                print(f"  {name:<16} {state}")
    return 1 if any(state.startswith("broken") for state in rows["adapters"].values()) else 0


def _packages() -> dict[str, str]:
    import torch

    found = {}
    for package, extra in PACKAGES.items():
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = f"missing: pip install 'xmodal[{extra}]'" if extra else "missing: pip install xmodal"
    found["gpu"] = torch.cuda.get_device_name() if torch.cuda.is_available() else "none: everything runs on the CPU"
    return found


def _adapters() -> dict[str, str]:
    """ok, missing (an optional package), or broken (the contract is not kept, with the rule)."""
    from xmodal.errors import XmodalError
    from xmodal.testing import check_adapter

    states = {}
    for name, point in sorted(plugins.found("xmodal.modalities").items()):
        try:
            check_adapter(plugins.load_point(point)())
            states[name] = "ok"
        except XmodalError as error:
            states[name] = f"missing: {error}"
        except ImportError as error:
            states[name] = f"missing: {error}"
        except Exception as error:
            states[name] = f"broken: {type(error).__name__}: {error}"
    return states
