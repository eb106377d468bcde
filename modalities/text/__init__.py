"""Text: readers, tokenizers, transforms, adapters (our own and CLIP's towers), prompts, image-text pairs."""

from xmodal.modalities.text.base import TextAdapter
from xmodal.modalities.text.causal_lm import CausalLM, next_token_loss
from xmodal.modalities.text.clip import OpenClip
from xmodal.modalities.text.clip_image import OpenClipImage
from xmodal.modalities.text.clip_text import OpenClipText
from xmodal.modalities.text.encoder import TextEncoder
from xmodal.modalities.text.pairs import ImageTextPairs
from xmodal.modalities.text.pairs_csv import read_csv_pairs
from xmodal.modalities.text.pairs_folder import read_folder_pairs
from xmodal.modalities.text.pairs_tar import read_tar_pairs
from xmodal.modalities.text.prompts import zero_shot_logits, zero_shot_weights
from xmodal.modalities.text.vision_language import VisionLanguage

__all__ = [
    "CausalLM",
    "ImageTextPairs",
    "OpenClip",
    "OpenClipImage",
    "OpenClipText",
    "TextAdapter",
    "TextEncoder",
    "VisionLanguage",
    "next_token_loss",
    "read_csv_pairs",
    "read_folder_pairs",
    "read_tar_pairs",
    "zero_shot_logits",
    "zero_shot_weights",
]
