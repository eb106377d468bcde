"""Images: reader, transforms, adapters, picture."""

from xmodal.modalities.image.adapter import TimmImage
from xmodal.modalities.image.views import Views

__all__ = ["TimmImage", "Views"]
