import pytest
import torch
from torch.nn import functional as F

from moviedreamer_core.bundle import load_model
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.upscaler import Upscaler, upscale


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    model = Upscaler(width=8, blocks=1).eval()
    torch.nn.init.normal_(model.outward.weight, std=0.05)
    return model


def test_pictures_become_four_times_larger_and_stay_in_range(model):
    frames = torch.rand(3, 3, 8, 16)
    large = upscale(model, frames)
    assert large.shape == (3, 3, 32, 64)
    assert 0 <= large.min() and large.max() <= 1
    assert torch.equal(large, upscale(model, frames))


def test_a_frame_is_the_same_alone_and_in_a_clip(model):
    frames = torch.rand(4, 3, 8, 16)
    assert torch.equal(upscale(model, frames)[2], upscale(model, frames[2:3])[0])


def test_untrained_it_is_the_bilinear_enlargement():
    frames = torch.rand(1, 3, 8, 8)
    plain = F.interpolate(frames, scale_factor=4, mode="bilinear", align_corners=False)
    assert torch.allclose(upscale(Upscaler().eval(), frames), plain, atol=1e-6)


def test_the_mini_config_is_small():
    assert sum(p.numel() for p in Upscaler().parameters()) < 200_000


def test_it_saves_and_loads(model, tmp_path):
    model.save_pretrained(tmp_path)
    frames = torch.rand(1, 3, 8, 8)
    assert torch.equal(upscale(model, frames), upscale(load_model(Upscaler, tmp_path), frames))


def test_what_is_not_pictures_is_refused(model):
    with pytest.raises(MovieDreamerError, match="expected floats"):
        upscale(model, torch.rand(3, 8, 8))
    with pytest.raises(MovieDreamerError, match="not numbers"):
        upscale(model, torch.full((1, 3, 8, 8), float("nan")))
