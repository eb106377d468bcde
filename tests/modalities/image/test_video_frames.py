"""Videos: folders of frames, choosing frames, and the encoder over them."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from xmodal.adapter import Need
from xmodal.data.batch import Batch
from xmodal.data.sample import Rows, Sample
from xmodal.data.transforms import seeded
from xmodal.errors import ConfigError, DataError
from xmodal.modalities.image.adapter import TimmImage
from xmodal.modalities.image.frame_encoder import FrameEncoder
from xmodal.modalities.image.frames import SegmentFrames, UniformFrames, read_frames
from xmodal.testing import check_adapter

EVERYTHING = Need(pooled=True, tokens=True, layers=True)


def numbered(count: int = 10) -> Sample:
    frames = torch.arange(count, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, 4, 6).clone()
    return Sample("s", {"video": frames}, labels={"number": {"video": torch.arange(count)}})


def chosen(sample: Sample) -> list[int]:
    return sample.entries["video"][:, 0, 0, 0].tolist()


def test_a_folder_is_read_in_order_of_its_numbers(tmp_path):
    for i in (10, 2, 1):
        Image.new("RGB", (6, 4), (i, 0, 0)).save(tmp_path / f"frame{i}.png")
    (tmp_path / "notes.txt").write_text("no frame")
    frames = FrameEncoder.read(tmp_path)
    assert frames.shape == (3, 3, 4, 6)
    assert frames.dtype == torch.uint8
    assert frames[:, 0, 0, 0].tolist() == [1, 2, 10]


def test_bad_folders_are_refused(tmp_path):
    with pytest.raises(DataError, match="found none"):
        read_frames(tmp_path)
    Image.new("RGB", (6, 4)).save(tmp_path / "1.png")
    Image.new("RGB", (5, 4)).save(tmp_path / "2.png")
    with pytest.raises(DataError, match=r"2\.png: expected \[3, 4, 6\], as the first frame, found \[3, 4, 5\]"):
        read_frames(tmp_path)
    (tmp_path / "2.png").write_bytes(b"\x89PNG")
    with pytest.raises(DataError, match=r"2\.png: expected a complete PNG"):
        read_frames(tmp_path)
    with pytest.raises(DataError, match="a folder of frames, found a file"):
        read_frames(tmp_path / "1.png")
    with pytest.raises(DataError, match="no such folder"):
        read_frames(tmp_path / "none")


@pytest.mark.parametrize("transform", [UniformFrames(4), SegmentFrames(4)])
def test_replay_is_exact_and_leaves_the_input_alone(transform):
    sample = numbered()
    out, params = transform(sample, generator=seeded(5))
    again, _ = transform(sample, json.loads(json.dumps(params)))
    assert torch.equal(out.entries["video"], again.entries["video"])
    assert len(sample.entries["video"]) == 10
    assert chosen(out) == params["frames"] == out.labels["number"]["video"].tolist()


def test_uniform_frames_are_the_middles_and_segments_vary_inside_theirs():
    assert chosen(UniformFrames(5)(numbered())[0]) == [1, 3, 5, 7, 9]
    assert chosen(UniformFrames(4)(numbered(2))[0]) == [0, 0, 1, 1]
    draws = np.array([chosen(SegmentFrames(2)(numbered(), generator=seeded(i))[0]) for i in range(200)])
    assert set(draws[:, 0]) == {0, 1, 2, 3, 4}
    assert set(draws[:, 1]) == {5, 6, 7, 8, 9}


def test_what_is_no_video_is_refused():
    with pytest.raises(DataError, match=r"a video \[T, 3, H, W\]"):
        UniformFrames(2)(Sample("s", {"video": Rows(torch.zeros(5, 4))}))
    with pytest.raises(DataError, match="numbers from 0 to 9"):
        UniformFrames(2)(numbered(), {"frames": [0, 10]})
    with pytest.raises(ConfigError, match="SegmentFrames needs a count"):
        SegmentFrames(0)
    with pytest.raises(DataError, match=r"\[B, T, 3, H, W\]"):
        FrameEncoder("resnet10t")(Batch(("a",), {"video": torch.zeros(1, 3, 8, 8)}, torch.arange(1)), EVERYTHING)


@pytest.mark.parametrize("depth", [0, 1])
def test_contract(depth):
    check_adapter(FrameEncoder("resnet10t", depth=depth, levels=(2, 3, 4)))


def test_tokens_are_those_of_the_image_model_frame_by_frame():
    model = FrameEncoder("resnet10t", depth=0, token_stride=16).eval()
    video = FrameEncoder.example(2)
    out = model(video, EVERYTHING)
    assert out.tokens.grid == (3, 4, 4)
    inner: TimmImage = model.image
    for t in range(3):
        image = Batch(video.keys, {"video": video["video"][:, t]}, video.index)
        alone = inner(image, EVERYTHING)
        assert torch.allclose(out.tokens.x.unflatten(1, (3, 16))[:, t], alone.tokens.x, atol=1e-4)
        where = out.tokens.where.unflatten(1, (3, 16))[:, t]
        assert torch.equal(where[..., :2], alone.tokens.where)
        assert (where[..., 2] == t).all()


def test_the_mean_forgets_the_order_of_frames_and_attention_does_not():
    video = FrameEncoder.example(1)
    other = Batch(video.keys, {"video": video["video"].flip(1)}, video.index)
    for depth, same in ((0, True), (1, False)):
        model = FrameEncoder("resnet10t", depth=depth, levels=(4,)).eval()
        a, b = (model(v, Need(pooled=True)).pooled for v in (video, other))
        assert torch.allclose(a, b, atol=1e-4) == same


def test_the_picture_is_a_strip():
    image = FrameEncoder.picture(numbered(30), "video")
    assert image.dtype == np.uint8
    assert image.shape[1] == 1200
    assert FrameEncoder.picture(numbered(1), "video").shape[2] == 3
