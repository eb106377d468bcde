"""The attention of PET-free amyloid."""

from torch import Tensor

from golden.entry import Entry, Golden
from xmodal.modalities.volume import CrossModalAttention

ATTENTION = "pet_mri/CrossModalAttention"


def _pooled(entry: Entry, query: str) -> Tensor:
    module = CrossModalAttention(16, heads=4).eval()
    entry.fill(module)
    key = entry.input("key")
    pooled: Tensor = module(key if query == "key" else entry.input(query), key)
    return pooled


CASES: dict[tuple[str, str], Golden] = {
    (ATTENTION, "out_sum"): lambda entry: _pooled(entry, "query").sum(),
    (ATTENTION, "out_norm"): lambda entry: _pooled(entry, "query").norm(),
    (ATTENTION, "out_row0_first4"): lambda entry: _pooled(entry, "query")[0, :4],
    (ATTENTION, "self_attn_norm"): lambda entry: _pooled(entry, "key").norm(),
}
