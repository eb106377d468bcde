"""Files of a run: whole, or refused."""

from pathlib import Path

import pytest
import torch

from xmodal.errors import DataError, DiskFull
from xmodal.files import (
    checkpoint_bytes,
    read_checkpoint,
    read_json,
    read_tensors,
    write_checkpoint,
    write_into,
    write_json,
    write_tensors,
)

TENSORS = {
    "weight": torch.arange(6.0).view(2, 3), "half": torch.ones(3, dtype=torch.bfloat16), "flag": torch.tensor(True),
    "none": torch.zeros(0, 4), "strided": torch.arange(6).view(2, 3).T,
}  # fmt: skip


def test_tensors_come_back_as_they_were(tmp_path):
    write_tensors(tmp_path / "a.safetensors", TENSORS)
    found = read_tensors(tmp_path / "a.safetensors")
    assert found.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor)


def test_every_flipped_bit_of_a_tensor_is_found(tmp_path):
    path = tmp_path / "a.safetensors"
    write_tensors(path, TENSORS)
    whole = path.read_bytes()
    for place in range(8, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        if path.read_bytes()[place : place + 1] in (b" ", b"$"):  # a blank of the header's padding
            continue
        with pytest.raises(DataError, match="safetensors"):
            read_tensors(path)


def test_checkpoints_come_back_and_every_damage_is_found(tmp_path):
    path = tmp_path / "checkpoint.pt"
    write_checkpoint(path, checkpoint_bytes({"step": 3, "module": TENSORS}))
    assert read_checkpoint(path)["step"] == 3
    assert torch.equal(torch.load(path, weights_only=True)["module"]["weight"], TENSORS["weight"])
    whole = path.read_bytes()
    for place in range(0, len(whole), 101):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(
            DataError, match=r"checkpoint\.pt: expected a checkpoint written by xmodal, found a file that"
        ):
            read_checkpoint(path)
    path.write_bytes(whole[:-1])
    with pytest.raises(DataError, match="damaged"):
        read_checkpoint(path)


def test_json_that_no_parser_can_hold_is_refused(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"a": [1, None]})
    assert read_json(path) == {"a": [1, None]}
    for content in (b"[" * 100_000, b"9" * 5000, b"\xff", b"{"):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"a\.json: expected JSON"):
            read_json(path)


def test_a_place_of_a_file_is_written_and_the_rest_of_it_left(tmp_path):
    write_into(tmp_path / "a", 4, [b"cd", b"ef"])
    write_into(tmp_path / "a", 0, [b"ab"])
    assert (tmp_path / "a").read_bytes() == b"ab\0\0cdef"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_told_when_a_place_of_a_file_is_written():
    with pytest.raises(DiskFull, match="/dev/full: no room left on the disk"):
        write_into(Path("/dev/full"), 0, [b"a" * 100_000])
