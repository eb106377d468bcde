"""Volumes: PET, MRI, CT. Axis order everywhere [1, Z, Y, X], RAS+: x right, y front, z up; millimetres."""

from xmodal.modalities.volume.base import VolumeAdapter
from xmodal.modalities.volume.bids import Scan, ScanPair, find_pairs, find_scans
from xmodal.modalities.volume.cross_modal_attention import CrossModalAttention
from xmodal.modalities.volume.entries import volume_sample
from xmodal.modalities.volume.monai_volume import MonaiVolume
from xmodal.modalities.volume.nifti import read_nifti
from xmodal.modalities.volume.normalise import window, zscore
from xmodal.modalities.volume.pet import read_pet
from xmodal.modalities.volume.pet_json import PetInfo, read_pet_json
from xmodal.modalities.volume.resample import resample_to
from xmodal.modalities.volume.slice_attention import SliceAttention
from xmodal.modalities.volume.slice_encoder import SliceEncoder
from xmodal.modalities.volume.suv import suv, suvr
from xmodal.modalities.volume.volume import Grid, Volume
from xmodal.modalities.volume.volume_conv import VolumeConv

__all__ = [
    "CrossModalAttention",
    "Grid",
    "MonaiVolume",
    "PetInfo",
    "Scan",
    "ScanPair",
    "SliceAttention",
    "SliceEncoder",
    "Volume",
    "VolumeAdapter",
    "VolumeConv",
    "find_pairs",
    "find_scans",
    "read_nifti",
    "read_pet",
    "read_pet_json",
    "resample_to",
    "suv",
    "suvr",
    "volume_sample",
    "window",
    "zscore",
]
