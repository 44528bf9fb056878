"""Bodies of ComfyUI's own samplers and encoders, over tiny random models of the real classes: Flux and Wan."""

from pathlib import Path

import av
import pytest
from bodies import WISHES, film, node, slot
from shortened import made

MODELS = Path(__file__).with_name("body_models")


def core(kind, **inputs):
    """One of ComfyUI's nodes."""
    return {"class_type": kind, "inputs": inputs}


def flux_body():
    """Text, up to two of the cast's pictures as reference latents, KSampler."""
    return {
        "in": node("ShotIn", **WISHES),
        "flux": core("TinyFlux", name="flux"),
        "words": core("CLIPTextEncode", clip=["flux", 1], text=slot("prompt")),
        "face1": core("VAEEncode", pixels=slot("reference_1"), vae=["flux", 2]),
        "face2": core("VAEEncode", pixels=slot("reference_2"), vae=["flux", 2]),
        "one": core("ReferenceLatent", conditioning=["words", 0], latent=["face1", 0]),
        "two": core("ReferenceLatent", conditioning=["one", 0], latent=["face2", 0]),
        "empty": core("EmptySD3LatentImage", width=slot("width"), height=slot("height"), batch_size=1),
        "sampler": core("KSampler", model=["flux", 0], positive=["two", 0], negative=["words", 0], seed=5, steps=2,
                        cfg=1.0, latent_image=["empty", 0], sampler_name="euler", scheduler="simple", denoise=1.0),
        "image": core("VAEDecode", samples=["sampler", 0], vae=["flux", 2]),
        "out": node("ShotOutKeyframe", images=["image", 0], width=66, height=30, version=1),
    }  # fmt: skip


def wan_body():
    """WanImageToVideo from the keyframe, KSampler, as a VIDEO."""
    return {
        "min": node("ShotIn", **{**WISHES, "frames": "4n+1", "fps": 8.0}),
        "wan": core("TinyWan", name="wan"),
        "sentence": core("CLIPTextEncode", clip=["wan", 1], text=slot("action", "min")),
        "start": core("WanImageToVideo", positive=["sentence", 0], negative=["sentence", 0], vae=["wan", 2],
                      batch_size=1, width=slot("width", "min"), height=slot("height", "min"),
                      length=slot("frames", "min"), start_image=slot("keyframe", "min")),
        "moved": core("KSampler", model=["wan", 0], positive=["start", 0], negative=["start", 1], seed=5, steps=1,
                      cfg=1.0, latent_image=["start", 2], sampler_name="euler", scheduler="simple", denoise=1.0),
        "frames": core("VAEDecode", samples=["moved", 0], vae=["wan", 2]),
        "video": core("CreateVideo", images=["frames", 0], fps=8.0),
        "mout": node("ShotOutClip", clip=["video", 0], fps=0.0, version=1),
    }  # fmt: skip


@pytest.mark.timeout(900)
def test_a_film_of_twelve_shots_by_flux_with_references_and_wan(another_server, tmp_path):
    base = tmp_path / "models"
    (base / "custom_nodes").mkdir(parents=True)
    (base / "custom_nodes" / MODELS.name).symlink_to(MODELS)
    server = another_server("--whitelist-custom-nodes", "ComfyUI-MovieDreamer", MODELS.name, base=base)
    prompt = {**film("lighthouse", animator=["mout", 0]), **flux_body(), **wan_body()}
    run = server.run(prompt)
    assert run.ended == "success", run.error + "".join("".join(e["traceback"]) for e in run.of("execution_error"))
    keyframes, clips = made(server.store, "keyframe"), made(server.store, "clip")
    assert len(keyframes) == len(clips) == 12
    ran = [node_id.rsplit(".", 1)[-1] for node_id in run.ran if "." in node_id]
    # A second encoder runs for shots of two people or more alone; a shot without a portrait runs none.
    # The script itself gives one shot to the ink decoder.
    assert (ran.count("sampler"), ran.count("moved")) == (11, 12)
    assert 0 < ran.count("face2") < ran.count("face1") <= 11
    sizes = set()
    for path in (server.store / "objects" / "clip").rglob("clip.mp4"):
        with av.open(str(path)) as clip:
            sizes.add((clip.streams.video[0].width, clip.streams.video[0].height))
    assert sizes == {(64, 32), (128, 64)}, "66x30 are rounded to what the models take"
    server.run(prompt)
    assert made(server.store, "keyframe") == keyframes and made(server.store, "clip") == clips
    prompt["sampler"]["inputs"]["steps"] = 1
    assert server.run(prompt).ended == "success"
    assert len(made(server.store, "keyframe")) == len(made(server.store, "clip")) == 12 + 11
