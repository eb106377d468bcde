"""One folder a modality: reader, transforms, adapter, picture. Found by entry point; the core imports none of them."""
