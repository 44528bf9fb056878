"""Prompts with bodies, and what their probe nodes wrote down."""

from pathlib import Path

PROBE = Path(__file__).with_name("body_probe")
SLOTS = (
    "prompt", "negative", "seed", "width", "height", "reference_1", "reference_2", "reference_3", "reference_4",
    "place", "keyframe", "last_keyframe", "frames", "fps", "seconds", "shot", "action", "lines", "memory", "steps",
    "cfg", "motion", "voice", "voice_2", "speech",
)  # fmt: skip
WISHES = {
    "prompt_template": "{prompt}", "negative": "", "multiple": 16, "frames": "any", "fps": 0.0, "steps": 20, "cfg": 7.0
}  # fmt: skip


def slot(name, node="in"):
    """The link to one of Shot In's outputs."""
    return [node, SLOTS.index(name)]


def film(script="three_shots.yaml", animator=None, routes=None, clip_routes=None, decoder=("out", 0)):
    """A film by mini's planner; the decoder is the body that ends in the node "out"."""
    decode = {"plan": ["plan", 0], "decoder": list(decoder), "seed": -1, "steps": 0, "guidance": 0.0}
    animate = {
        "keyframes": ["decode", 0], "animator": animator or ["bundle", 3], "motion": 1.0, "anchor_strength": 1.0,
        "seed": -1,
    }  # fmt: skip
    return {
        "script": node("LoadScript", script=script, embed=False, embedded=""),
        "bundle": node("LoadBundle", bundle="mini"),
        "cast": node("MakeCast", script=["script", 0], faces=["bundle", 4]),
        "plan": node(
            "PlanFilm", planner=["bundle", 1], cast=["cast", 0], seed=-1, temperature=-1.0, candidates=1,
            replan="changed", direction="{}",
        ),
        "decode": node("DecodeKeyframes", **decode, **({"routes": routes} if routes else {})),
        "animate": node("AnimateKeyframes", **animate, **({"routes": clip_routes} if clip_routes else {})),
        "film": node(
            "CombineFilm", clips=["animate", 0], filename_prefix="MovieDreamer/film", format="mp4", fps=0,
            transition="script", transition_seconds=0.5, subtitles=True, chapters=True, fit="pad",
        ),
    }  # fmt: skip


def node(kind, **inputs):
    """One of our nodes."""
    return {"class_type": f"MovieDreamer{kind}", "inputs": inputs}


def keyframe_body(*, at="", strength=1.0, model="loader", shows=True, **wired):
    """EmptyImage coloured by the seed -> Probe -> Shot Out, a preview on the way; `at` is put before the nodes' ids."""
    given = {name: slot(value, at + "in") for name, value in wired.items()}
    body = {
        "in": node("ShotIn", **WISHES),
        "paint": {"class_type": "EmptyImage", "inputs": {
            "width": slot("width", at + "in"), "height": slot("height", at + "in"), "batch_size": 1,
            "color": slot("seed", at + "in"),
        }},
        "loader": {"class_type": "ProbeLoader", "inputs": {"name": model}},
        "probe": {"class_type": "Probe", "inputs": {
            "image": [at + "paint", 0], "prompt": slot("prompt", at + "in"), "strength": strength,
            "model": [at + "loader", 0], **given,
        }},
        "out": node("ShotOutKeyframe", images=[at + "probe", 0], width=64, height=32, version=1),
    }  # fmt: skip
    if shows:
        body["preview"] = {"class_type": "PreviewImage", "inputs": {"images": [at + "probe", 0]}}
    return {at + name: value for name, value in body.items()}


def clip_body(*, at="c", frames="4n+1", fps=16.0, video=False):
    """ProbeClip (frames and a tone) -> Shot Out; as a VIDEO if asked."""
    wishes = {**WISHES, "frames": frames, "fps": fps}
    body = {
        "in": node("ShotIn", **wishes),
        "make": {"class_type": "ProbeClip", "inputs": {
            "keyframe": slot("keyframe", at + "in"), "frames": slot("frames", at + "in"),
            "fps": slot("fps", at + "in"), "rate": 48000,
        }},
        "out": node("ShotOutClip", clip=[at + "make", 0], audio=[at + "make", 1], fps=0.0, version=1),
    }  # fmt: skip
    if video:
        body["video"] = {
            "class_type": "CreateVideo",
            "inputs": {"images": [at + "make", 0], "fps": slot("fps", at + "in"), "audio": [at + "make", 1]},
        }
        body["out"] = node("ShotOutClip", clip=[at + "video", 0], fps=0.0, version=1)
    return {at + name: value for name, value in body.items()}


def noted(server, start="run"):
    """What the probes wrote since they were last asked, of the lines that begin so."""
    file = server.base / "output" / "probe.txt"
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return [line for line in lines if line.startswith(start)]


def with_probe(base):
    """The flags of a server that has the probes."""
    (base / "custom_nodes").mkdir(parents=True, exist_ok=True)
    link = base / "custom_nodes" / PROBE.name
    if not link.exists():
        link.symlink_to(PROBE)
    return "--whitelist-custom-nodes", "ComfyUI-MovieDreamer", PROBE.name
