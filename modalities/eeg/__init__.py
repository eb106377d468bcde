"""EEG: potentials [C, T] in microvolts, with the names and places of their electrodes."""

from xmodal.modalities.eeg.base import EEGAdapter
from xmodal.modalities.eeg.braindecode_models import BraindecodeEEG
from xmodal.modalities.eeg.channels import common_channels, pick, standard_positions
from xmodal.modalities.eeg.eeg_conv import EEGConv
from xmodal.modalities.eeg.eeg_patches import EEGPatches
from xmodal.modalities.eeg.events import read_event_list
from xmodal.modalities.eeg.filters import band_pass, notch
from xmodal.modalities.eeg.project_compress import ProjectCompress
from xmodal.modalities.eeg.read import read_recording
from xmodal.modalities.eeg.recording import Event, Recording
from xmodal.modalities.eeg.reference import average_reference, named_reference
from xmodal.modalities.eeg.resample import resample
from xmodal.modalities.eeg.scaling import divide, robust_zscore
from xmodal.modalities.eeg.windows import event_windows, sliding_windows

__all__ = [
    "BraindecodeEEG",
    "EEGAdapter",
    "EEGConv",
    "EEGPatches",
    "Event",
    "ProjectCompress",
    "Recording",
    "average_reference",
    "band_pass",
    "common_channels",
    "divide",
    "event_windows",
    "named_reference",
    "notch",
    "pick",
    "read_event_list",
    "read_recording",
    "resample",
    "robust_zscore",
    "sliding_windows",
    "standard_positions",
]
