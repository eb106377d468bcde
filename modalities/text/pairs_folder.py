"""Image-text pairs in a folder: image.jpg beside image.txt."""

from __future__ import annotations

from pathlib import Path

from xmodal.errors import DataError
from xmodal.modalities.text.pairs import IMAGE_SUFFIXES, TEXT_SUFFIXES, ImageTextPairs, Part, Record


def read_folder_pairs(folder: Path | str, image_key: str = "image", text_key: str = "text") -> ImageTextPairs:
    """The images of a folder and its sub-folders with the caption of the same name (.txt, else .json), sorted.

    The key is the path inside the folder without its suffix. Files of other kinds are left alone.

    Raises:
        DataError: no such folder, no pair in it, an image without a caption or the reverse, two images of one name.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(folder, expected="a folder of images and captions", found="no such folder")
    images: dict[str, Path] = {}
    texts: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        suffix, key = path.suffix.lower().lstrip("."), path.relative_to(folder).with_suffix("").as_posix()
        if path.name.startswith(".") or suffix not in IMAGE_SUFFIXES + TEXT_SUFFIXES or not path.is_file():
            continue
        if suffix in IMAGE_SUFFIXES:
            if key in images:
                raise DataError(path, expected="one image of that name", found=f"{images[key].name} as well")
            images[key] = path
        elif suffix == "txt" or key not in texts:
            texts[key] = path
    for key in images.keys() - texts.keys():
        raise DataError(images[key], expected=f"a caption {key}.txt beside it", found="no such file")
    for key in texts.keys() - images.keys():
        raise DataError(texts[key], expected=f"an image {key}.jpg or {key}.png beside it", found="no such file")
    if not images:
        raise DataError(folder, expected="images (jpg, png) with captions (txt)", found="none")
    records = [Record(key, Part(path), Part(texts[key])) for key, path in images.items()]
    return ImageTextPairs(records, image_key, text_key)
