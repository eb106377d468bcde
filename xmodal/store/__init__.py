"""Teacher outputs on disk: computed once, checked, and read at memory speed, under recorded augmentations."""

from xmodal.store.encodings import Form
from xmodal.store.lookup import Lookup
from xmodal.store.reader import Store
from xmodal.store.stored import StoredTeacher
from xmodal.store.writer import write_store

__all__ = ["Form", "Lookup", "Store", "StoredTeacher", "write_store"]
