"""Lists of shards as they are written, and the arguments beside them."""

import pytest
from tar_making import refused

from xmodal.data.shard_names import expand, shard_names
from xmodal.errors import ConfigError


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a.tar", ["a.tar"]),
        ("a-{08..10}.tar", ["a-08.tar", "a-09.tar", "a-10.tar"]),
        ("{9..11}", ["9", "10", "11"]),
        ("{2..0}", ["2", "1", "0"]),
        ("{x,y}/{0..1}", ["x/0", "x/1", "y/0", "y/1"]),
        ("a{,b}", ["a", "ab"]),
        ("pipe:awk '{print $1}' {1..2}", ["pipe:awk '{print $1}' 1", "pipe:awk '{print $1}' 2"]),
    ],
)
def test_braces_stand_for_several(pattern, names):
    assert expand(pattern, "train") == names


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("{0..999999999}", "train: expected at most 100,000 shards"),
        ("{0..999}{0..999}", "train: expected at most 100,000 shards"),
        ([3], r"train: expected paths such as 'train-\{000..009\}.tar', found \[3\]"),
        ("", "train: expected paths"),
        ("https://host/a.tar", "train: expected a path or a command such as 'pipe:curl -fsS https://host/a.tar'"),
    ],
)
def test_wrong_lists_of_shards_are_refused(names, message):
    with pytest.raises(ConfigError, match=message):
        shard_names(names, "train")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"missing": "skip"}, "missing: expected 'error' or 'allow', found 'skip'"),
        ({"kind": "ranking"}, "kind: expected 'classification' or 'regression'"),
        ({"entries": {}}, "entries: expected suffixes"),
        ({"entries": "png"}, "entries: expected suffixes"),
        ({"entries": {"image": "../png"}}, "entries: 'image': expected a suffix"),
        ({"entries": {"image": ".png"}}, "entries: 'image': expected a suffix"),
        ({"entries": {"image": "png", "image/b": "PNG"}}, "expected a suffix for each entry of the same tars"),
        ({"label": "json"}, "label: expected a suffix such as 'cls' or a field"),
        ({"label": "cls:x"}, "label: expected a suffix such as 'cls' or a field"),
        ({"train": ()}, "train: expected shards, found none"),
        ({"train": {"image": "train-0.tar"}}, "train: expected shards of image, lidar, label, found those of image"),
    ],
)
def test_wrong_arguments_are_refused(root, options, message):
    refused(message, root, **options, error=ConfigError)


def test_an_unknown_modality_is_named(root):
    refused(
        r"entries: 'sonar': expected the name of a modality \(audio, .*found 'sonar'", root, entries={"sonar": "bin"}
    )
