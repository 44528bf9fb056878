"""Training the animator: its clips, and that it learns to move what moves."""

import numpy as np
import pytest
import torch

from moviedreamer_core.animator.animate import VideoAnimator
from moviedreamer_core.papertown import draw_frame
from moviedreamer_core.requests import ClipRequest
from moviedreamer_core.training.clips import Clips, clips, keyframe_clip, plan_clip
from moviedreamer_core.training.data import Data
from moviedreamer_core.training.loop import train
from moviedreamer_core.training.part import Workspace
from moviedreamer_core.training.parts import animator as module
from moviedreamer_core.training.settings import LoopSettings

SIZE = (32, 16)
FRAMES = 4
UNET = dict(
    down_block_types=["DownBlockSpatioTemporal", "CrossAttnDownBlockSpatioTemporal"],
    up_block_types=["CrossAttnUpBlockSpatioTemporal", "UpBlockSpatioTemporal"],
    block_out_channels=[32, 32], layers_per_block=1, transformer_layers_per_block=1, num_attention_heads=[1, 1],
    cross_attention_dim=16, addition_time_embed_dim=8, projection_class_embeddings_input_dim=24, num_frames=FRAMES,
)  # fmt: skip
MODEL = dict(
    unet_config=UNET,
    context_config=dict(sentence_width=2, sentence_count=2, width=16, patch=8),
    render_size=SIZE,
    patch=4,
    steps=2,
)
SETTINGS = {
    "model": MODEL,
    "clips": 64,
    "keyframes": 0,
    "gestures": 1.0,
    "sigma": [3.5, 1.0],
    "drop": 0.1,
    "start_noise": 0.0,
    "paint": 0.0,
}


class LeftOrRight:
    """Sentence embeddings of the two words there are."""

    width = 2

    @classmethod
    def load(cls, folder):
        return cls()

    def encode_many(self, texts):
        return torch.tensor([[1.0, 0.0] if text == "left" else [0.0, 1.0] for text in texts])

    encode = encode_many


def squares(root, split, count, **_):
    """Clips of a white square that goes left or right by a pixel a frame, as its sentence says."""
    rng = np.random.default_rng(len(split))
    frames = np.full((count, FRAMES, SIZE[1], SIZE[0], 3), 60, np.uint8)
    sentences = [("left", "right")[k % 2] for k in range(count)]
    for clip, sentence in zip(frames, sentences):
        x, y = rng.integers(4, SIZE[0] - 12), rng.integers(1, SIZE[1] - 7)
        for k, frame in enumerate(clip):
            at = x + (k if sentence == "right" else -k)
            frame[y : y + 6, at : at + 8] = 255
    ids = np.tile(np.float32([8, 1, 0]), (count, 1))
    return Clips(frames, frames[:, 0], ids, np.zeros((count, FRAMES, 9, 3), np.float32), sentences)


@pytest.fixture
def part(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SentenceEncoder", LeftOrRight)
    monkeypatch.setattr(module, "clips", squares)
    monkeypatch.setattr(Workspace, "require", lambda workspace, name: tmp_path)
    torch.manual_seed(0)
    return module.AnimatorPart(SETTINGS, Workspace(tmp_path, workers=1))


def test_it_learns_to_move_what_the_sentence_says(part, tmp_path):
    before = part.validate(part.model)
    assert before["moves"] < 1 and before["restless"] < 0.5, "all but still at first"
    settings = dict(steps=120, batch=16, learning_rate=6e-3, warmup=5, ema=0.9, validate_every=1000)
    metrics = train(part, LoopSettings.from_dict(settings))
    assert metrics["moves"] > before["moves"] + 1.5, metrics

    part.export(part.model, tmp_path / "animator")
    part.load(tmp_path / "animator")
    animator = VideoAnimator(part.model, None, sentences=LeftOrRight())
    keyframe = torch.full((3, 16, 32), 60 / 255)
    keyframe[:, 5:11, 12:20] = 1.0
    for word, direction in (("left", -1), ("right", 1)):
        last = animator.animate(ClipRequest(keyframe, prompt=word, frames=FRAMES))[-1].mean(0)
        middle = (last[5:11].mean(0) * torch.arange(32)).sum() / last[5:11].mean(0).sum()
        begun = (keyframe.mean(0)[5:11].mean(0) * torch.arange(32)).sum() / keyframe.mean(0)[5:11].mean(0).sum()
        assert (middle - begun) * direction > 0.3, (word, metrics)


def test_clips_are_papertown_at_their_moments_and_drawn_once(tmp_path, monkeypatch):
    drawn = clips(tmp_path, "validation", 3, frames=FRAMES, size=SIZE, workers=1)
    for k in range(3):
        plan = plan_clip(0, "validation", k)
        fps, speed, begins = drawn.ids[k]
        assert (fps, speed, begins) == pytest.approx((plan.fps, plan.speed, plan.begins))
        for i in (0, FRAMES - 1):
            moment = plan.begins + i * plan.speed / plan.fps
            assert np.array_equal(drawn.frames[k, i], draw_frame(plan.film, 0, moment, size=SIZE, look=plan.look))
        assert np.array_equal(drawn.anchor[k], draw_frame(plan.film, 0, 0.0, size=SIZE, look=plan.look))
    assert len(drawn.sentences) == 3 and all(drawn.sentences)

    monkeypatch.setattr("moviedreamer_core.training.clips._make", lambda *_: pytest.fail("drawn again"))
    assert np.array_equal(clips(tmp_path, "validation", 3, frames=FRAMES, size=SIZE).frames, drawn.frames)


def test_clips_of_keyframes_go_on_from_training_frames_and_know_hands_and_mouths(tmp_path):
    drawn = clips(tmp_path, "train", 2, frames=FRAMES, size=(128, 64), kind="keyframe", workers=1)
    frames = Data(tmp_path, workers=1).frames("train", 2).images
    assert np.array_equal(drawn.anchor, frames) and np.array_equal(drawn.frames[:, 0], frames)
    people = len(keyframe_clip(0, "train", 0).film.shots[0].figures)
    radii = drawn.gestures[0, :, :, 2]
    assert (radii[:, : 3 * people] > 0).all() and not radii[:, 3 * people :].any()


def test_what_a_decoder_made_is_kept_but_for_hands_and_mouths(part):
    drawn = squares(None, "train", 4)
    drawn.gestures[:, :, 0] = (8.0, 8.0, 4.0)
    decoded = np.minimum(255, drawn.frames[:, 0].astype(int) + 40).astype(np.uint8)
    part.keyframes = (drawn, torch.zeros(4, 2), decoded)
    batch = part._decoded_starts(np.random.default_rng(0), 4, *part.keyframes)
    change = batch["frames"] - batch["start"][:, None]
    elsewhere = ~batch["gestures"][:, :, None].expand_as(change)
    assert batch["gestures"].any() and not change[:, 0][elsewhere[:, 0]].any(), "the start frame is the keyframe"
    assert float(change[:, 0][~elsewhere[:, 0]].mean()) < -0.1, "and hands and mouths are drawn"


def test_errors_are_shares_of_what_a_clip_changes():
    target = torch.randn(2, 3, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 5.0]).view(
        2, 1, 1, 1, 1
    )
    weight = torch.ones(2, 3, 1, 8, 8)
    for share in module.error_shares(-target, target, weight):
        assert torch.allclose(share, torch.ones(2), atol=0.5), "a still has all wrong, however lively the clip"
    weight[:, :, :, 4:] = 0
    wrong = torch.zeros_like(target)
    wrong[..., 4:, :] = 1.0
    assert all(float(share.sum()) == 0 for share in module.error_shares(wrong, target, weight))


def test_start_frames_are_degraded_only_where_they_should_be():
    clean = torch.rand(64, 3, 16, 32, generator=torch.Generator().manual_seed(0))
    rng = np.random.default_rng(0)
    changed = (module.degrade_start_frames(clean, clean.flip(0), torch.zeros(64), rng) != clean).flatten(1).any(1)
    assert 20 < int(changed.sum()) < 60
    noisy = module.degrade_start_frames(clean, clean, torch.full((64,), 0.1), np.random.default_rng(0))
    assert float(
        (noisy - module.degrade_start_frames(clean, clean, torch.zeros(64), np.random.default_rng(0))).std()
    ) == pytest.approx(0.1, abs=0.01)
