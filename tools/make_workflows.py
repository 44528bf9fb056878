"""The workflows that come with the pack, from short descriptions: `make workflows`.

Writes workflows/NAME.json (the page's format), workflows/api/NAME.json (its API twin) and, with the folder that
`make film` left, workflows/NAME.jpg from its keyframes. Needs tests/object_info.json: `make record-object-info`.
"""

import json
import sys
from pathlib import Path

from body_workflows import BODIES
from PIL import Image
from workflow_files import Group, Node, Note, Out, Workflow, write

ROOT = Path(__file__).parents[1]
VERSION = "0.1.0"
CHECKPOINT = "v1-5-pruned-emaonly-fp16.safetensors"
NEEDS_CHECKPOINT = f"""\
**Needs a checkpoint**: put an SD 1.5 checkpoint into `models/checkpoints` and choose it in *Load Checkpoint* (made
for `{CHECKPOINT}`)."""
BLUE, GREEN, PURPLE, ORANGE = "#3f789e", "#3f8e5a", "#6b5b95", "#a1762e"


def md(kind: str) -> str:
    """The class of one of our nodes."""
    return f"MovieDreamer{kind}"


def opening(script: str = "lighthouse") -> list[Node]:
    """Script, bundle and cast: how most films begin."""
    return [
        Node("script", md("LoadScript"), script=script),
        Node("bundle", md("LoadBundle"), bundle="mini"),
        Node("cast", md("MakeCast"), ["script", "bundle"]),
    ]


def film(clips: str = "clips") -> Node:
    """The last node of most films."""
    return Node("film", md("CombineFilm"), [clips], tall=260)


def first_film() -> Workflow:
    note = """# First film
Press **Run**. The film grows shot by shot: script, cast, plan, keyframes, clips, film. Nothing is downloaded: the
small bundle *mini* comes with the pack and draws a paper-cut world on any computer.

**Then try**
- another script in *Load Script*
- `seed` in *Plan Film*: another film of the same script
- stop it, close ComfyUI, come back: what was finished is kept, and a second Run renders nothing."""
    return Workflow(
        "01_first_film",
        [
            Group("Read me, then press Run", [Note(note, 340)], ORANGE),
            Group("Script and cast", opening()),
            Group(
                "Plan and keyframes",
                [
                    Node("plan", md("PlanFilm"), ["bundle", "cast"]),
                    Node("frames", md("DecodeKeyframes"), ["plan", "bundle"]),
                ],
                GREEN,
            ),
            Group("Film", [Node("clips", md("AnimateKeyframes"), ["frames", "bundle"]), film()], PURPLE),
        ],
        (0, 9),
    )


def stage_by_stage() -> Workflow:
    note = """# Stage by stage
Every stage has a loader of its own, so each can come from another bundle under `models/moviedreamer`.

- *Script Info* shows the shot list and who decided what
- *Save Plan* keeps the plan as a file of its own
- *Contact Sheet* puts all keyframes on one picture"""
    return Workflow(
        "02_stage_by_stage",
        [
            Group("Read me", [Note(note)], ORANGE),
            Group(
                "Loaders",
                [
                    Node("faces", md("LoadFaces"), faces="mini"),
                    Node("planner", md("LoadPlanner"), bundle="mini"),
                    Node("decoder", md("LoadDecoder"), bundle="mini"),
                    Node("animator", md("LoadAnimator"), bundle="mini"),
                ],
            ),
            Group(
                "Script and cast",
                [
                    Node("script", md("LoadScript"), script="lighthouse"),
                    Node("info", md("ScriptInfo"), ["script", "planner"], tall=260),
                    Node("cast", md("MakeCast"), ["script", "faces"]),
                ],
            ),
            Group(
                "Plan",
                [
                    Node("plan", md("PlanFilm"), ["planner", "cast"]),
                    Node("save", md("SavePlan"), ["plan"]),
                ],
                GREEN,
            ),
            Group(
                "Keyframes",
                [
                    Node("frames", md("DecodeKeyframes"), ["plan", "decoder"]),
                    Node("sheet", md("ContactSheet"), ["frames"], tall=200),
                ],
                GREEN,
            ),
            Group("Film", [Node("clips", md("AnimateKeyframes"), ["frames", "animator"]), film()], PURPLE),
        ],
        (1, 5),
    )


def per_shot_decoders() -> Workflow:
    note = """# Per-shot decoders
Give any shots another decoder or animator; only these are made again, the rest of the film stays.

`shots` understands ids and numbers from 1: `3, 7-9`, whole scenes `scene:harbour`, characters `who:mara`, `all`.
Routes are chained: what names fewer shots wins. *Shot Settings* win over routes."""
    return Workflow(
        "03_per_shot_decoders",
        [
            Group("Read me", [Note(note)], ORANGE),
            Group("Script and cast", opening()),
            Group(
                "Another decoder for some shots",
                [
                    Node("ink", md("LoadDecoder"), bundle="mini", decoder="ink"),
                    Node("inked", md("RouteDecoder"), ["ink"], shots="library-drawing, scene:wood"),
                    Node("draft", md("LoadAnimator"), bundle="mini", animator="panzoom"),
                    Node("panned", md("RouteAnimator"), ["draft"], shots="scene:quay-again"),
                ],
                ORANGE,
            ),
            Group(
                "Plan and keyframes",
                [
                    Node("plan", md("PlanFilm"), ["bundle", "cast"]),
                    Node("frames", md("DecodeKeyframes"), ["plan", "bundle", "inked"]),
                ],
                GREEN,
            ),
            Group("Film", [Node("clips", md("AnimateKeyframes"), ["frames", "bundle", "panned"]), film()], PURPLE),
        ],
        (6, 7),
    )


def your_own_cast() -> Workflow:
    note = """# Your own cast from reference pictures
*Character* gives one character of the script another face. Here two packaged portraits play Mara and Tom.

**Your own picture**: add *Load Image*, connect it to `reference` and set `portrait` to `none`. A batch of several
pictures of one person makes a steadier face. Then say in `description` what nobody could see in the picture."""
    return Workflow(
        "04_your_own_cast",
        [
            Group("Read me", [Note(note, 280)], ORANGE),
            Group(
                "Script and cast",
                [
                    Node("script", md("LoadScript"), script="lighthouse"),
                    Node("mara", md("Character"), ["script"], title="Mara", character="mara", portrait="hana",
                         description="a person with black hair"),
                    Node("tom", md("Character"), ["mara"], title="Tom", character="tom", portrait="bruno",
                         description="someone with a full beard"),
                ],
            ),
            Group(
                "Plan",
                [
                    Node("bundle", md("LoadBundle"), bundle="mini"),
                    Node("cast", md("MakeCast"), ["tom", "bundle"]),
                    Node("plan", md("PlanFilm"), ["bundle", "cast"]),
                ],
                GREEN,
            ),
            Group(
                "Keyframes",
                [
                    Node("frames", md("DecodeKeyframes"), ["plan", "bundle"]),
                    Node("sheet", md("ContactSheet"), ["frames"], tall=200),
                ],
                GREEN,
            ),
            Group("Film", [Node("clips", md("AnimateKeyframes"), ["frames", "bundle"]), film()], PURPLE),
        ],
        (2, 3),
    )  # fmt: skip


def candidates() -> Workflow:
    note = """# Candidates and re-planning
*Plan Film* draws four candidates for every shot and takes the likeliest. *Pick Candidate* takes another one for a
shot; *Preview Tokens* shows all four. *Re-plan From Shot* then plans one later shot again with another seed.

Every other shot keeps its plan and its pictures."""
    return Workflow(
        "05_candidates_and_replanning",
        [
            Group("Read me", [Note(note)], ORANGE),
            Group("Script and cast", opening()),
            Group(
                "Plan, pick, plan again",
                [
                    Node("plan", md("PlanFilm"), ["bundle", "cast"], candidates=4),
                    Node("pick", md("PickCandidate"), ["plan"], shots="quay-dance", number=2),
                    Node("again", md("ReplanFrom"), ["pick", "bundle"], shots="quay-song", extent="only these", seed=7),
                ],
                GREEN,
            ),
            Group(
                "The candidates",
                [
                    Node("look", md("PreviewTokens"), ["pick", "bundle"]),
                    Node("shown", "PreviewImage", ["look"], tall=240),
                ],
                ORANGE,
            ),
            Group(
                "Keyframes and film",
                [
                    Node("frames", md("DecodeKeyframes"), ["again", "bundle"]),
                    Node("clips", md("AnimateKeyframes"), ["frames", "bundle"]),
                    film(),
                ],
                PURPLE,
            ),
        ],
        (9, 10),
    )


def continue_an_episode() -> Workflow:
    note = """# Continue an episode
The plan of the first film goes into *Plan Film* of the second as `history`: the harbour and the library come back as
they were, and people keep their clothes. A third episode takes the second one's plan and knows both.

*Save Plan* and *Load Plan* carry a plan from one day to the next. If all you have of an earlier episode is pictures,
*Encode Keyframes* makes a history of them; that tells the planner much less, for it does not know what they show."""
    return Workflow(
        "06_continue_an_episode",
        [
            Group("Read me", [Note(note)], ORANGE),
            Group(
                "The earlier episode",
                [
                    Node("script_1", md("LoadScript"), title="Load Script (first episode)", script="lighthouse"),
                    Node("bundle", md("LoadBundle"), bundle="mini"),
                    Node("cast_1", md("MakeCast"), ["script_1", "bundle"]),
                    Node("earlier", md("PlanFilm"), ["bundle", "cast_1"], title="Plan Film (first episode)"),
                ],
            ),
            Group(
                "The next episode",
                [
                    Node("script", md("LoadScript"), title="Load Script (next episode)", script="lighthouse_2"),
                    Node("cast", md("MakeCast"), ["script", "bundle"]),
                    Node(
                        "plan",
                        md("PlanFilm"),
                        ["bundle", "cast"],
                        title="Plan Film (next episode)",
                        history=Out("earlier", "plan"),
                    ),
                ],
                GREEN,
            ),
            Group(
                "Film",
                [
                    Node("frames", md("DecodeKeyframes"), ["plan", "bundle"]),
                    Node("clips", md("AnimateKeyframes"), ["frames", "bundle"]),
                    film(),
                ],
                PURPLE,
            ),
        ],
        (0, 9),
    )


def from_other_nodes(name: str, note: str, between: list[Node], last: str) -> Workflow:
    return Workflow(
        name,
        [
            Group("Read me", [Note(note, 300)], ORANGE),
            Group("Script and cast", opening()),
            Group(
                "Plan and keyframes",
                [
                    Node("plan", md("PlanFilm"), ["bundle", "cast"]),
                    Node("frames", md("DecodeKeyframes"), ["plan", "bundle"]),
                    Node("get", md("GetShot"), ["frames"], shot="wood-path"),
                ],
                GREEN,
            ),
            Group("Any nodes you like", between, ORANGE),
            Group(
                "Film",
                [
                    Node("replaced", md("ReplaceKeyframes"), ["frames", last], shots="wood-path"),
                    Node("clips", md("AnimateKeyframes"), ["replaced", "bundle"]),
                    film(),
                ],
                PURPLE,
            ),
        ],
        (7, 8),
    )


def core_nodes() -> Workflow:
    note = """# A shot from other nodes
*Get Shot* hands out one shot's keyframe, prompt, seed and seconds. Whatever you make of it with any nodes goes back
with *Replace Keyframes*: it is animated and cut into the film like every other shot.

Here ComfyUI's own image nodes turn one shot into a negative. *Replace Clips* takes whole clips (VIDEO) the same way."""
    between = [
        Node("negative", "ImageInvert", ["get"]),
        Node("soft", "ImageBlur", ["negative"], blur_radius=1, sigma=0.6),
    ]
    return from_other_nodes("07_a_shot_from_other_nodes", note, between, "soft")


def sampler_nodes() -> Workflow:
    note = f"""# A shot from sampler nodes
{NEEDS_CHECKPOINT}

The shot's keyframe is scaled up, encoded and painted over with the shot's own prompt; `denoise` says how far."""
    between = [
        Node("checkpoint", "CheckpointLoaderSimple", ckpt_name=CHECKPOINT),
        Node("large", "ImageScale", ["get"], upscale_method="lanczos", width=768, height=384, crop="disabled"),
        Node("latent", "VAEEncode", pixels=Out("large"), vae=Out("checkpoint")),
        Node("words", "CLIPTextEncode", clip=Out("checkpoint"), text=Out("get", "prompt")),
        Node("bad", "CLIPTextEncode", clip=Out("checkpoint"), text="blurry, text, watermark"),
        Node("sampler", "KSampler", model=Out("checkpoint"), positive=Out("words"), negative=Out("bad"),
             latent_image=Out("latent"), seed=7, steps=20, cfg=6.0, sampler_name="dpmpp_2m", scheduler="karras",
             denoise=0.55),
        Node("image", "VAEDecode", samples=Out("sampler"), vae=Out("checkpoint")),
    ]  # fmt: skip
    return from_other_nodes("07b_a_shot_from_sampler_nodes", note, between, "image")


def sixty_shots() -> Workflow:
    note = """# Sixty shots
A long film, its continuity measured: the plot shows for every shot how well people and places were kept.
*Reroll Weak Shots* renders shots under the threshold again with other seeds and keeps the best take.

It takes a while the first time. Everything that is finished stays in the store, whatever happens."""
    return Workflow(
        "08_sixty_shots",
        [
            Group("Read me", [Note(note)], ORANGE),
            Group("Script and cast", opening("the_long_way_home")),
            Group(
                "Plan and keyframes",
                [
                    Node("plan", md("PlanFilm"), ["bundle", "cast"]),
                    Node("frames", md("DecodeKeyframes"), ["plan", "bundle"]),
                ],
                GREEN,
            ),
            Group(
                "Continuity",
                [
                    Node("reroll", md("RerollWeakShots"), ["frames", "bundle"]),
                    Node("report", md("ContinuityReport"), ["reroll", "bundle"]),
                    Node("plot", "PreviewImage", ["report"], tall=240),
                ],
                ORANGE,
            ),
            Group(
                "Film",
                [
                    Node("sheet", md("ContactSheet"), ["reroll"], tall=200),
                    Node("clips", md("AnimateKeyframes"), ["reroll", "bundle"]),
                    film(),
                ],
                PURPLE,
            ),
        ],
        (4, 11),
    )


def own_checkpoint() -> Workflow:
    note = f"""# A decoder from your own checkpoint
{NEEDS_CHECKPOINT}

*Decoder From Model* makes a decoder of any checkpoint, with whatever LoRAs you put in between; *Route Decoder* gives
it one shot. It draws the shot from the shot's own sentence, which stands in `prompt_template` as `{{prompt}}`; of plan
and faces it knows nothing, unless a `condition` fits it. All other shots keep their pictures.

Wire it straight into *Decode Keyframes*, and it draws the whole film."""
    return Workflow(
        "09_a_decoder_from_your_own_checkpoint",
        [
            Group("Read me", [Note(note, 360)], ORANGE),
            Group("Script and cast", opening()),
            Group(
                "Your checkpoint, for one shot",
                [
                    Node("checkpoint", "CheckpointLoaderSimple", ckpt_name=CHECKPOINT),
                    Node("drawn", md("DecoderFromModel"), ["checkpoint"], sampler_name="dpmpp_2m", scheduler="karras",
                         negative="blurry, text, watermark", prompt_template="paper-cut illustration, {prompt}"),
                    Node("route", md("RouteDecoder"), ["drawn"], shots="wood-path"),
                ],
                ORANGE,
            ),
            Group(
                "Plan and keyframes",
                [
                    Node("plan", md("PlanFilm"), ["bundle", "cast"]),
                    Node("frames", md("DecodeKeyframes"), ["plan", "bundle", "route"]),
                ],
                GREEN,
            ),
            Group("Film", [Node("clips", md("AnimateKeyframes"), ["frames", "bundle"]), film()], PURPLE),
        ],
        (6, 10),
    )  # fmt: skip


def edit_a_plan() -> Workflow:
    note = """# Edit a plan, shot by shot
- *Edit Plan* moves shots of the plan toward a picture: here the last shots toward the first one, whose keyframe
  *Encode Keyframes* reads. Any picture will do (*Load Image*).
- *Shot Settings*, a chain: another seed for one shot, another length for another one.
- *Replace Clips* puts any video in the place of a shot's clip: here its keyframe held still, made into a video by
  ComfyUI's own nodes. In your own work: *Load Video*.

Only these shots are made again, all others keep their files.

*Save Plan* keeps the edited plan as a file. Next time put *Load Plan* in the place of *Plan Film* and *Edit Plan*:
planner and cast go into it, its plan goes on."""
    return Workflow(
        "10_edit_a_plan_shot_by_shot",
        [
            Group("Read me", [Note(note, 460)], ORANGE),
            Group("Script and cast", opening()),
            Group(
                "The plan, and a picture to move toward",
                [
                    Node("plan", md("PlanFilm"), ["bundle", "cast"]),
                    Node("first", md("DecodeKeyframes"), ["plan", "bundle"], title="Decode Keyframes (as planned)"),
                    Node("picture", md("GetShot"), ["first"], shot="quay-arrival"),
                    Node("read", md("EncodeKeyframes"), ["bundle", "picture"]),
                ],
                GREEN,
            ),
            Group(
                "Edit the plan",
                [
                    Node("mixed", md("EditPlan"), ["plan", "read"], shots="quay-dance", mode="blend", strength=0.4),
                    Node("edited", md("EditPlan"), ["mixed"], tokens=Out("read"), shots="quay-light", mode="pull",
                         strength=0.5),
                    Node("save", md("SavePlan"), ["edited"]),
                ],
                ORANGE,
            ),
            Group(
                "Settings for single shots, keyframes",
                [
                    Node("seed", md("ShotSettings"), title="Shot Settings (another seed)", shots="quay-news", seed=7),
                    Node("longer", md("ShotSettings"), ["seed"], title="Shot Settings (longer)", shots="library-ines",
                         seconds=3.0),
                    Node("frames", md("DecodeKeyframes"), ["edited", "bundle", "longer"]),
                ],
                GREEN,
            ),
            Group(
                "A clip from other nodes",
                [
                    Node("get", md("GetShot"), ["frames"], shot="library-drawing"),
                    Node("held", "RepeatImageBatch", ["get"], amount=Out("get", "frames")),
                    Node("video", "CreateVideo", ["held"], fps=Out("get", "fps")),
                ],
                ORANGE,
            ),
            Group(
                "Film",
                [
                    Node("clips", md("AnimateKeyframes"), ["frames", "bundle"]),
                    Node("replaced", md("ReplaceClips"), ["clips", "video"], shots="library-drawing"),
                    film("replaced"),
                ],
                PURPLE,
            ),
        ],
        (11, 10),
    )  # fmt: skip


ALL = (
    first_film, stage_by_stage, per_shot_decoders, your_own_cast, candidates, continue_an_episode, core_nodes,
    sampler_nodes, sixty_shots, own_checkpoint, edit_a_plan,
    *BODIES,
)  # fmt: skip


def keyframes(out: Path) -> list[Path]:
    """The shown keyframes of `make film`, in the order in which they were made."""
    files = out.glob("store/objects/shown/*/*/artefact.json")
    records = [(json.loads(file.read_text()), file.parent) for file in files]
    pictures = [(record["made"], folder / record["main"]) for record, folder in records if record["main"][-3:] == "png"]
    return [path for _, path in sorted(pictures)]


def thumbnail(pictures: list[Path], target: Path) -> None:
    """Two keyframes below each other: 480x480 pixels."""
    sheet = Image.new("RGB", (480, 480))
    for row, picture in enumerate(pictures):
        sheet.paste(Image.open(picture).convert("RGB").resize((480, 240), Image.Resampling.LANCZOS), (0, 240 * row))
    sheet.save(target, quality=88)


def main() -> int:
    """Write every workflow that can be written; say why another cannot."""
    object_info = json.loads((ROOT / "tests" / "object_info.json").read_text())
    frames = keyframes(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
    failed = 0
    for describe in ALL:
        workflow = describe()
        try:
            write(workflow, object_info, VERSION, ROOT / "workflows")
        except ValueError as error:
            sys.stderr.write(f"{error}\n")
            failed += 1
        if frames:
            chosen = [frames[number % len(frames)] for number in workflow.pictures]
            thumbnail(chosen, ROOT / "workflows" / f"{workflow.name}.jpg")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
