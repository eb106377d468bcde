"""Audio: reader, front ends, transforms, adapters, picture."""

from xmodal.modalities.audio.base import AudioAdapter
from xmodal.modalities.audio.front_ends import make_front_end
from xmodal.modalities.audio.read import read_audio
from xmodal.modalities.audio.timm_audio import TimmAudio
from xmodal.modalities.audio.wav2vec2 import Wav2Vec2Audio

__all__ = ["AudioAdapter", "TimmAudio", "Wav2Vec2Audio", "make_front_end", "read_audio"]
