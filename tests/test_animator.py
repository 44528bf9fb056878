import json
import math

import pytest
import torch

from moviedreamer_core.animator import PanZoom, extend
from moviedreamer_core.animator.animate import VideoAnimator
from moviedreamer_core.animator.context import AnchorContext, latent_patches
from moviedreamer_core.animator.load import CONFIGS, load_original, read_config
from moviedreamer_core.animator.model import MOMENTS, UNKNOWN, WAVES, AnimatorModel, moments, take_spatial_layers
from moviedreamer_core.animator.warp import FLOWS, LAYERS, REACH, warp_channels, warped
from moviedreamer_core.bundle import load_model
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.requests import ClipRequest

SPATIAL = dict(
    in_channels=8,
    out_channels=4,
    block_out_channels=[32, 32],
    layers_per_block=1,
    cross_attention_dim=16,
    sample_size=[4, 8],
)
UNET = dict(
    **SPATIAL,
    num_attention_heads=[1, 1],
    addition_time_embed_dim=8,
    projection_class_embeddings_input_dim=24,
    num_frames=4,
    down_block_types=["DownBlockSpatioTemporal", "CrossAttnDownBlockSpatioTemporal"],
    up_block_types=["CrossAttnUpBlockSpatioTemporal", "UpBlockSpatioTemporal"],
)
CONTEXT = dict(anchor_count=8, anchor_width=16, sentence_width=6, width=16, patch=2)


class Words:
    """Sentence embeddings that differ from word to word."""

    width = 6

    def encode(self, texts):
        rows = [torch.randn(6, generator=torch.Generator().manual_seed(sum(map(ord, t)))) for t in texts]
        return torch.stack(rows) if any(texts) else torch.zeros(len(texts), 6)


class Checks:
    def __init__(self, stop_at=None):
        self.count, self.stop_at = 0, stop_at

    def stage(self, name, total): ...

    def advance(self, note="", preview=None): ...

    def check(self):
        self.count += 1
        if self.count == self.stop_at:
            raise KeyboardInterrupt


def tiny_vae(kind="AutoencoderKL"):
    import diffusers

    torch.manual_seed(1)
    common = dict(block_out_channels=[8, 8, 8], down_block_types=["DownEncoderBlock2D"] * 3, layers_per_block=1)
    if kind == "AutoencoderKL":
        plain = dict(up_block_types=["UpDecoderBlock2D"] * 3, norm_num_groups=4, mid_block_add_attention=False)
        return diffusers.AutoencoderKL(**common, **plain).eval()
    common["block_out_channels"] = [32, 32, 32]
    return diffusers.AutoencoderKLTemporalDecoder(**common).eval()


def tiny_animator(**changes):
    torch.manual_seed(0)
    settings = dict(render_size=[32, 16], steps=2, noise_levels=[0.0, 0.05], schedule={"sigma_max": 20.0})
    model = AnimatorModel(**({"unet_config": UNET, "context_config": CONTEXT} | settings | changes))
    for name, value in model.named_parameters():
        if name.endswith("mix_factor"):
            value.data.zero_()
    vae = None if model.warps else tiny_vae()
    return VideoAnimator(model, vae, sentences=Words(), fingerprint="tiny")


@pytest.fixture(scope="module")
def animator():
    return tiny_animator()


@pytest.fixture(scope="module")
def keyframe():
    return torch.rand(3, 16, 32, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("frames", [1, 2, 4, 5, 10])
def test_a_clip_has_as_many_frames_as_asked_and_begins_with_the_keyframe(animator, keyframe, frames):
    clip = animator.animate(ClipRequest(keyframe, prompt="waves", frames=frames))
    assert clip.shape == (frames, 3, 16, 32)
    assert torch.equal(clip[0], keyframe)
    assert clip.min() >= 0 and clip.max() <= 1


def test_an_extension_repeats_no_frame(animator, keyframe):
    clip = animator.animate(ClipRequest(keyframe, frames=10))
    assert (clip.diff(dim=0).abs().amax((1, 2, 3)) > 1e-4).all()


def test_longer_clips_begin_with_the_shorter_ones(animator, keyframe):
    long, short = (animator.animate(ClipRequest(keyframe, frames=n, seed=5)) for n in (10, 7))
    assert torch.allclose(long[:7], short, atol=1e-5)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(animator, keyframe):
    a, b, c = (animator.animate(ClipRequest(keyframe, prompt="waves", frames=6, seed=s)) for s in (1, 1, 2))
    assert torch.equal(a, b)
    assert not torch.equal(a[1:], c[1:])


def test_global_random_state_does_not_matter(animator, keyframe):
    torch.manual_seed(1)
    a = animator.animate(ClipRequest(keyframe, frames=4))
    torch.manual_seed(2)
    assert torch.equal(a, animator.animate(ClipRequest(keyframe, frames=4)))


def test_anchor_prompt_motion_and_fps_change_the_clip(animator, keyframe):
    plain = animator.animate(ClipRequest(keyframe, prompt="waves", frames=4))
    other = torch.rand(3, 16, 32, generator=torch.Generator().manual_seed(9))
    changes = [dict(anchor=other), dict(anchor_strength=0.0), dict(prompt="jumps"), dict(prompt=""), dict(motion=0.2)]
    for change in [*changes, dict(fps=24)]:
        request = ClipRequest(keyframe, **(dict(prompt="waves", frames=4) | change))
        assert not torch.equal(plain, animator.animate(request)), change


def test_at_strength_zero_every_anchor_is_the_same(animator, keyframe):
    other = torch.rand(3, 16, 32, generator=torch.Generator().manual_seed(9))
    a, b = (animator.animate(ClipRequest(keyframe, anchor=x, anchor_strength=0.0, frames=4)) for x in (keyframe, other))
    assert torch.equal(a, b)


def test_a_start_frame_is_gone_on_from(animator, keyframe):
    start = torch.rand(3, 16, 32, generator=torch.Generator().manual_seed(4))
    clip = animator.animate(ClipRequest(keyframe, start_frame=start, frames=4))
    assert torch.equal(clip[0], start)


def test_each_segment_is_told_how_long_its_movement_has_gone_on(keyframe, monkeypatch):
    unet = UNET | {"in_channels": UNET["in_channels"] + MOMENTS}
    animator, moment_ids = tiny_animator(unet_config=unet, reads_moments=True), []
    denoise = type(animator.model).denoise

    def listening(model, scaled, t, start, context, ids):
        moment_ids.append(ids[0, 3].item())
        return denoise(model, scaled, t, start, context, ids)

    monkeypatch.setattr(type(animator.model), "denoise", listening)
    animator.animate(ClipRequest(keyframe, frames=10, fps=6, motion=0.5))
    assert moment_ids == pytest.approx([0, 0, 0.25, 0.25, 0.5, 0.5])

    moment_ids.clear()
    animator.animate(ClipRequest(keyframe, start_frame=torch.rand(3, 16, 32), frames=7))
    assert moment_ids == pytest.approx([UNKNOWN] * 4), "a frame from elsewhere is somewhere in some movement"


def test_every_frame_is_told_its_moment():
    model = tiny_animator(reads_moments=True).model
    fps, motion, elapsed = torch.tensor([8.0, 8.0]), torch.tensor([1.0, 1.0]), torch.tensor([2.0, UNKNOWN])
    moment_ids = moments(model.time_ids(fps, motion, torch.zeros(2), elapsed), 9, model.config.motion_bucket)
    assert moment_ids.shape == (2, 9, MOMENTS)
    since, moment = moment_ids[0, :, 0], moment_ids[0, :, MOMENTS // 2]
    assert since.tolist() == pytest.approx([k / 8 for k in range(9)])
    assert moment.tolist() == pytest.approx([2 + k / 8 for k in range(9)])
    once_a_second = moment_ids[0, :, 1 + WAVES.index(1.0)]
    assert once_a_second.tolist() == pytest.approx([math.sin(2 * math.pi * k / 8) for k in range(9)], abs=1e-5)
    assert torch.equal(moment_ids[1, :, : MOMENTS // 2], moment_ids[0, :, : MOMENTS // 2])
    assert not moment_ids[1, :, MOMENTS // 2 :].any(), "nobody knows when that movement began"


def test_a_keyframe_of_the_show_size_is_made_small(animator):
    clip = animator.animate(ClipRequest(torch.rand(3, 64, 128), frames=2))
    assert clip.shape == (2, 3, 16, 32)


def test_progress_is_asked_before_every_denoising_step(animator, keyframe):
    checks = Checks()
    animator.animate(ClipRequest(keyframe, frames=7), checks)
    assert checks.count == 4
    with pytest.raises(KeyboardInterrupt):
        animator.animate(ClipRequest(keyframe, frames=7), Checks(stop_at=3))


@pytest.mark.parametrize("frames", [0, -3, 2.5, True, 10**9])
@pytest.mark.parametrize("kind", ["svd", "panzoom"])
def test_impossible_lengths_are_refused(animator, keyframe, frames, kind):
    chosen = animator if kind == "svd" else PanZoom()
    with pytest.raises(MovieDreamerError, match="frames cannot be made"):
        chosen.animate(ClipRequest(keyframe, frames=frames))


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(fps=0), "frames a second"),
        (dict(motion=-1.0), "motion is -1"),
        (dict(motion=float("nan")), "motion is nan"),
        (dict(anchor_strength=9.0), "anchor strength is 9"),
        (dict(start_frame=torch.zeros(16, 32)), "start frame to animate"),
        (dict(anchor=torch.zeros(3, 32, 32)), "anchor is 32x32; this animator makes 32x16"),
    ],
)
def test_impossible_requests_are_refused(animator, keyframe, change, message):
    with pytest.raises(MovieDreamerError, match=message):
        animator.animate(ClipRequest(keyframe, **(dict(frames=2) | change)))


def test_values_that_are_not_numbers_are_errors(keyframe):
    with pytest.raises(MovieDreamerError, match="not numbers"):
        PanZoom().animate(ClipRequest(keyframe * float("nan"), frames=2))
    broken = tiny_animator()
    broken.model.unet.conv_out.bias.data.fill_(float("nan"))
    with pytest.raises(MovieDreamerError, match="not numbers"):
        broken.animate(ClipRequest(keyframe, frames=2))


def test_an_animator_without_its_sentence_encoder_is_refused(animator):
    with pytest.raises(MovieDreamerError, match="no sentence encoder"):
        VideoAnimator(animator.model, animator.vae)


WARPS = dict(
    unet_config=UNET | dict(in_channels=96, out_channels=warp_channels(4), sample_size=[4, 8]),
    context_config=CONTEXT | dict(anchor_width=192, patch=8),
    predicts="warp",
    patch=4,
    noise_levels=[0.0, 0.0],
)


def test_at_zero_a_warp_is_all_but_the_start_frame():
    start = torch.rand(2, 3, 16, 32, generator=torch.Generator().manual_seed(0))
    frames, painted = warped(torch.zeros(2, 4, warp_channels(4), 4, 8), start, 4)
    assert painted.shape == (2, 4, 16, 32) and painted.max() < 0.04
    assert torch.allclose(frames, start[:, None].expand_as(frames), atol=0.04)


def test_a_warp_moves_its_layers_blends_them_and_paints_the_rest():
    start = torch.rand(1, 3, 16, 32, generator=torch.Generator().manual_seed(0))
    logits = LAYERS * 2 * FLOWS**2  # where they begin; each layer has 4 x 4
    paint = logits + (LAYERS + 1) * 16
    found = torch.zeros(1, 1, warp_channels(4), 4, 8)
    found[:, :, : FLOWS**2] = 4 / REACH  # the layer in front fetches from 4 pixels to the right
    found[:, :, logits : logits + 16] = 50.0
    frames, painted = warped(found, start, 4)
    assert torch.allclose(frames[0, 0, :, :, :-4], start[0, :, :, 4:], atol=1e-5) and painted.max() < 1e-6

    found[:, :, logits + 16 : logits + 32] = 100.0  # the other layer, which stands still, covers it
    assert torch.allclose(warped(found, start, 4)[0][0, 0], start[0], atol=1e-5)

    found[:, :, logits + 32 : paint] = 150.0
    found[:, :, paint + 2 * 16 :] = 0.25
    blue = torch.tensor([0.0, 0.0, math.tanh(0.25)]).view(3, 1, 1).expand(3, 16, 32)
    frames, painted = warped(found, start, 4)
    assert torch.allclose(frames[0, 0], blue, atol=1e-5) and painted.min() > 0.999


def test_an_animator_that_warps_needs_no_vae(keyframe):
    warper = tiny_animator(**WARPS)
    torch.nn.init.zeros_(warper.model.unet.conv_out.weight)
    torch.nn.init.zeros_(warper.model.unet.conv_out.bias)
    still = warper.animate(ClipRequest(keyframe, frames=7))
    assert torch.allclose(still, keyframe.expand_as(still), atol=0.05), "nothing moves until it learns to"

    moved = tiny_animator(**WARPS).animate(ClipRequest(keyframe, prompt="waves", frames=7, seed=1))
    assert moved.shape == still.shape and 0 <= moved.min() and moved.max() <= 1
    assert not torch.allclose(moved, still, atol=0.1)


def test_what_a_warp_cannot_be_is_refused():
    with pytest.raises(ValueError, match="start: 'pixels' is SVD's"):
        AnimatorModel(**(WARPS | {"start": "pixels"}))
    with pytest.raises(ValueError, match="predicts: got 'target'"):
        AnimatorModel(UNET, CONTEXT, predicts="target")
    for vae, model in ((tiny_vae(), tiny_animator(**WARPS).model), (None, tiny_animator().model)):
        with pytest.raises(ValueError, match="vae: expected one, or None"):
            VideoAnimator(model, vae, sentences=Words())


def test_the_training_pass_agrees_with_the_scheduler(animator):
    """At any level, the denoised target of `forward` is what the Euler scheduler takes v to mean."""
    model = animator.model
    scheduler = model.scheduler()
    scheduler.set_timesteps(5)
    noisy = torch.randn(1, 4, 4, 4, 8, generator=torch.Generator().manual_seed(0))
    start, features, sentence_embedding = torch.randn(1, 4, 4, 8), torch.randn(1, 8, 16), torch.randn(1, 6)
    ids, full, has = torch.ones(1, 3), torch.ones(1), torch.ones(1, dtype=torch.bool)
    with torch.no_grad():
        context = model.context(features, sentence_embedding, full, has)
        for t in scheduler.timesteps:
            scaled = scheduler.scale_model_input(noisy, t)
            sigma = scheduler.sigmas[scheduler.step_index]
            v = model.denoise(scaled, t, start, context, ids)
            expected = scheduler.step(v, t, noisy).pred_original_sample
            got, _ = model(noisy, sigma[None], start, features, sentence_embedding, ids, full, has)
            assert torch.allclose(got, expected, atol=1e-4)


def test_patches_fold_what_the_unet_sees(keyframe):
    folded = UNET | dict(in_channels=32, out_channels=16, sample_size=[2, 4])
    torch.manual_seed(0)
    model = AnimatorModel(folded, CONTEXT, render_size=[32, 16], steps=2, patch=2)
    clip = VideoAnimator(model, tiny_vae(), sentences=Words()).animate(ClipRequest(keyframe, frames=5))
    assert clip.shape == (5, 3, 16, 32) and torch.equal(clip[0], keyframe)


def test_guidance_is_used_where_it_is_asked_for(keyframe):
    assert not torch.equal(
        tiny_animator().animate(ClipRequest(keyframe, prompt="waves", frames=3)),
        tiny_animator(guidance=[2.0, 4.0]).animate(ClipRequest(keyframe, prompt="waves", frames=3)),
    )


def test_extend_joins_what_any_animator_makes():
    starts = []

    def count_on(start, index, wanted):
        starts.append((float(start[0, 0, 0]), index, wanted))
        return torch.stack([start + k for k in (1, 2, 3)])

    clip = extend(torch.zeros(3, 2, 2), 8, count_on)
    assert clip[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert starts == [(0, 0, 7), (3, 1, 4), (6, 2, 1)]
    with pytest.raises(MovieDreamerError, match="went on with frames"):
        extend(torch.zeros(3, 2, 2), 3, lambda start, index, wanted: start[None][:0])


def test_panzoom_begins_exactly_moves_smoothly_and_stays_in_range():
    y, x = torch.meshgrid(torch.linspace(0, 1, 64), torch.linspace(0, 1, 128), indexing="ij")
    picture = torch.stack([x, y, 0.5 + 0.4 * torch.sin(12 * x) * torch.cos(9 * y)])
    clip = PanZoom().animate(ClipRequest(picture, frames=24, fps=8, seed=3))
    assert clip.shape == (24, 3, 64, 128) and torch.equal(clip[0], picture)
    assert 0 <= clip.min() and clip.max() <= 1
    steps = clip.diff(dim=0).abs().mean((1, 2, 3))
    assert (steps > 0).all() and steps[11] > 3 * steps[0]
    assert steps.max() < 0.03
    assert torch.equal(clip, PanZoom().animate(ClipRequest(picture, frames=24, fps=8, seed=3)))
    assert not torch.equal(clip, PanZoom().animate(ClipRequest(picture, frames=24, fps=8, seed=4)))


def test_panzoom_magnifies_by_what_it_says():
    x = torch.linspace(0, 1, 128).expand(3, 64, 128).contiguous()
    last = PanZoom().animate(ClipRequest(x, frames=16, fps=8))[-1]
    slope = float(last[0, 32, 1:].sub(last[0, 32, :-1]).median() * 127)
    assert slope == pytest.approx(1 / 1.12, abs=0.01)


def test_panzoom_without_motion_is_a_still(keyframe):
    clip = PanZoom().animate(ClipRequest(keyframe, frames=5, motion=0.0))
    assert all(torch.equal(frame, keyframe) for frame in clip)


@pytest.mark.parametrize("name, unet_millions", [("mini", 4.85), ("paper", 1524.6)])
def test_configs_build_with_the_right_size(name, unet_millions):
    with torch.device("meta"):
        model = AnimatorModel(**{k: v for k, v in read_config(name).items() if not k.startswith("_")})
    assert sum(p.numel() for p in model.unet.parameters()) / 1e6 == pytest.approx(unet_millions, rel=0.01)
    assert model.segment_frames == (9 if name == "mini" else 25)
    assert json.loads((CONFIGS / f"{name}.json").read_text())["_class_name"] == "AnimatorModel"


def test_a_model_saves_and_loads(animator, keyframe, tmp_path):
    animator.model.save_pretrained(tmp_path)
    again = [VideoAnimator(load_model(AnimatorModel, tmp_path), animator.vae, sentences=Words()) for _ in range(2)]
    a, b, c = (each.animate(ClipRequest(keyframe, prompt="waves", frames=3)) for each in (animator, *again))
    assert torch.equal(b, c)
    assert torch.allclose(a, b, atol=1e-4)


def test_an_original_svd_folder_animates(tmp_path, keyframe):
    from diffusers import UNetSpatioTemporalConditionModel
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    torch.manual_seed(0)
    UNetSpatioTemporalConditionModel(**UNET).save_pretrained(tmp_path / "unet")
    tiny_vae("AutoencoderKLTemporalDecoder").save_pretrained(tmp_path / "vae")
    tower = dict(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=16)
    vision = CLIPVisionConfig(**tower, patch_size=8, projection_dim=16)
    CLIPVisionModelWithProjection(vision).save_pretrained(tmp_path / "image_encoder")
    original = load_original(tmp_path, render_size=(32, 16))
    original.model.register_to_config(steps=2)
    clip = original.animate(ClipRequest(keyframe, prompt="is not read", frames=6))
    assert clip.shape == (6, 3, 16, 32) and torch.equal(clip[0], keyframe)
    other = torch.rand(3, 16, 32, generator=torch.Generator().manual_seed(9))
    assert not torch.equal(clip, original.animate(ClipRequest(keyframe, anchor=other, frames=6)))


def test_spatial_layers_come_from_a_picture_unet():
    from diffusers import UNet2DConditionModel

    picture = UNet2DConditionModel(
        **SPATIAL,
        attention_head_dim=32,
        down_block_types=["DownBlock2D", "CrossAttnDownBlock2D"],
        up_block_types=["CrossAttnUpBlock2D", "UpBlock2D"],
    )
    model = AnimatorModel(UNET, CONTEXT)
    names = take_spatial_layers(model.unet, picture)
    assert "down_blocks.0.resnets.0.spatial_res_block.conv1.weight" in names and len(names) > 50
    taken = model.unet.down_blocks[0].resnets[0].spatial_res_block.conv1.weight
    assert torch.equal(taken, picture.down_blocks[0].resnets[0].conv1.weight)
    assert not any("temporal" in name for name in names)


def test_a_context_masks_row_by_row():
    context = AnchorContext(**CONTEXT)
    features, sentence_embedding = torch.randn(2, 8, 16), torch.randn(2, 6)
    out = context(features, sentence_embedding, torch.tensor([1.0, 0.0]), torch.tensor([True, False]))
    assert out.shape == (2, 9, 16)
    assert torch.allclose(out[1, :8], context.no_anchor) and torch.allclose(out[1, 8], context.no_sentence)
    assert not torch.allclose(out[0, :8], context.no_anchor)


def test_a_sentence_gives_as_many_vectors_as_asked_for():
    context = AnchorContext(**CONTEXT, sentence_count=3)
    out = context(torch.randn(2, 8, 16), torch.randn(2, 6), torch.ones(2), torch.tensor([True, False]))
    assert out.shape == (2, 11, 16) and torch.equal(out[1, 8:].flatten(), context.no_sentence)
    assert not torch.allclose(out[0, 8], out[0, 9])


def test_latent_patches_keep_every_number():
    latents = torch.arange(2 * 4 * 4 * 8.0).view(2, 4, 4, 8)
    patches = latent_patches(latents, 2)
    assert patches.shape == (2, 8, 16)
    assert torch.equal(patches.flatten(1).sort().values, latents.flatten(1).sort().values)
    assert set(patches[0, 0].tolist()) == set(latents[0, :, :2, :2].flatten().tolist())
