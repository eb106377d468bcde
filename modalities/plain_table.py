"""A table of plain numbers, parsed at once by numpy; what is not plain is left to the reader that asked."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

_PLAIN = b"0123456789+-.eEnafiNAFI \r\n"
"""numpy reads words of these bytes as `float` does, and takes nothing else of them for the end of a word or line."""


def plain_table(text: bytes, delimiter: str | None, *, longest: int) -> NDArray[np.float64] | None:
    """[P, F], empty lines left out; None if that is not all there is to say, be the text damaged or only unusual.

    Args:
        delimiter: between numbers, beside which there may be spaces; None for spaces and tabs.
        longest: None, too, where more bytes than these stand between delimiters and ends of lines.
    """
    if not text or text.isspace() or text.translate(None, _PLAIN + (delimiter or "\t").encode()):
        return None
    codes = np.frombuffer(text, np.uint8)
    ends = (codes == ord("\n")) | ((codes <= ord(" ")) if delimiter is None else (codes == ord(delimiter)))
    if np.diff(np.flatnonzero(ends), prepend=-1, append=len(codes)).max() > longest + 1:
        return None
    try:
        return np.loadtxt(io.BytesIO(text), dtype=np.float64, comments=None, delimiter=delimiter, ndmin=2)
    except ValueError:
        return None
