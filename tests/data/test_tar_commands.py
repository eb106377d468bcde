"""Tars that a command writes are fetched once, whole or not at all."""

import pytest
from tar_making import refused, same_samples, shards

from xmodal.errors import ConfigError


def test_a_piped_tar_is_fetched_once_and_read_like_a_local_one(root):
    piped = "pipe:echo x >> runs.log; cat train-{0..1}.tar"
    first = shards(root, piped)
    same_samples(list(first.parts["train"]), list(shards(root).parts["train"]))
    assert (root / "runs.log").read_text() == "x\n" * 2
    spooled = sorted((root / ".spool").glob("*.tar"))
    assert len(spooled) == 2
    same_samples(list(shards(root, piped).parts["train"]), list(first.parts["train"]))
    assert (root / "runs.log").read_text() == "x\n" * 2
    spooled[0].write_bytes(spooled[0].read_bytes()[:3000])  # no longer whole
    same_samples(list(shards(root, piped).parts["train"]), list(first.parts["train"]))
    assert (root / "runs.log").read_text() == "x\n" * 3


def test_the_spool_may_lie_elsewhere(root, tmp_path_factory):
    spool = tmp_path_factory.mktemp("elsewhere") / "spool"
    shards(root, "pipe:cat train-0.tar", spool=str(spool))
    assert len(list(spool.glob("*.tar"))) == 1
    assert not (root / ".spool").exists()
    (root / "file").write_text("")
    refused(r"spool: .*file cannot be made", root, "pipe:cat train-0.tar", spool=str(root / "file"), error=ConfigError)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("cat train-0.tar; echo no such host >&2; exit 6", "expected exit status 0, found 6: no such host"),
        ("false", "expected exit status 0, found 1"),
        ("no-such-command", "expected exit status 0, found 127"),
        ("head -c 3000 train-0.tar", "expected a complete tar file, found 3000 bytes"),
        ("true", "expected a tar file, found 0 bytes"),
        ("gzip -c train-0.tar", "expected an uncompressed tar.* found one compressed by gzip"),
    ],
)
def test_a_command_that_fails_is_one_error_and_leaves_nothing(root, command, message):
    before = sorted(root.rglob("*"))
    refused(rf"pipe:{command[:8]}.*{message}", root, f"pipe:{command}")
    assert sorted(root.rglob("*")) == before
