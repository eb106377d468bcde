"""Images: reader, transforms, adapter, picture."""

from xmodal.modalities.image.adapter import TimmImage

__all__ = ["TimmImage"]
