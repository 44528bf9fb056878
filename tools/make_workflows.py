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
**Needs a checkpoint**: put an SD 1.5 checkpoint into *models/checkpoints* and choose it in *Load Checkpoint* (made
for *{CHECKPOINT}*)."""
SMALL = "Nothing is downloaded: the small bundle *mini* draws a paper-cut world on any computer."
NARROW = 258
"""Pixels of a node where many stand side by side."""
PREVIEW, SHEET, FILM = 220, 218, 208
"""Pixels that a run's pictures take on a node."""
GREEN, PURPLE, ORANGE = "#3f8e5a", "#6b5b95", "#a1762e"


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


def frames(after: list[str], key: str = "frames", tall: int = PREVIEW, **more: object) -> Node:
    """Decode Keyframes, with room for the picture that it shows while it works."""
    return Node(key, md("DecodeKeyframes"), after, tall=tall, **more)


def clips(after: list[str]) -> Node:
    """Animate Keyframes, with room for the picture that it shows while it works."""
    return Node("clips", md("AnimateKeyframes"), after, tall=PREVIEW)


def sheet(keyframes: str = "frames") -> Node:
    """Contact Sheet, with room for it."""
    return Node("sheet", md("ContactSheet"), [keyframes], tall=SHEET)


def film(clips: str = "clips", wide: int = 0) -> Node:
    """The last node of most films, with room for the film."""
    return Node("film", md("CombineFilm"), [clips], tall=FILM + wide // 2, wide=wide)


def first_film() -> Workflow:
    note = f"""# First film

# Press **Run**.

## The film grows shot by shot: script, cast, plan, keyframes, clips, film. {SMALL}

# Then try

## 1. **Open storyboard** on *Plan Film*: give a shot another decoder, reroll it, change what is said, move it.

## 2. another *seed* in *Plan Film*: another film of the same script.

## 3. stop it, close ComfyUI, come back: what was finished is kept, and a second Run renders nothing."""
    return Workflow(
        "01_first_film",
        [
            [Group("Read me, then press Run", [Note(note, 860)], ORANGE)],
            [Group("Script and cast", opening())],
            [
                Group(
                    "Plan and keyframes",
                    [Node("plan", md("PlanFilm"), ["bundle", "cast"]), frames(["plan", "bundle"])],
                    GREEN,
                )
            ],
            [Group("Clips, contact sheet", [clips(["frames", "bundle"]), sheet()], PURPLE)],
            [Group("Film", [film(wide=84)], PURPLE)],
        ],
        (0, 9),
    )


def stage_by_stage() -> Workflow:
    note = """# Stage by stage
Every stage has a loader of its own, so each can come from another bundle under *models/moviedreamer*.

- *Script Info* shows the shot list and who decided what
- *Save Plan* keeps the plan as a file of its own
- *Contact Sheet* puts all keyframes on one picture"""
    return Workflow(
        "02_stage_by_stage",
        [
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
            ],
            [
                Group(
                    "Script and cast",
                    [
                        Node("script", md("LoadScript"), script="lighthouse"),
                        Node("info", md("ScriptInfo"), ["script", "planner"]),
                        Node("cast", md("MakeCast"), ["script", "faces"]),
                    ],
                )
            ],
            [
                Group(
                    "Plan",
                    [Node("plan", md("PlanFilm"), ["planner", "cast"]), Node("save", md("SavePlan"), ["plan"])],
                    GREEN,
                ),
                Group("All keyframes", [sheet()], GREEN),
            ],
            [
                Group("Keyframes", [frames(["plan", "decoder"])], GREEN),
            ],
            [Group("Clips", [clips(["frames", "animator"])], PURPLE)],
            [Group("Film", [film()], PURPLE)],
        ],
        (1, 5),
        width=NARROW,
    )


def per_shot_decoders() -> Workflow:
    note = """# Per-shot decoders
Give any shots another decoder or animator; only these are made again, the rest of the film stays.

*shots* understands ids and numbers from 1: *3, 7-9*, whole scenes *scene:harbour*, characters *who:mara*, *all*.
Routes are chained: what names fewer shots wins. *Shot Settings* win over routes."""
    return Workflow(
        "03_per_shot_decoders",
        [
            [
                Group("Read me", [Note(note)], ORANGE),
                Group(
                    "Another decoder for some shots",
                    [
                        Node("ink", md("LoadDecoder"), bundle="mini", decoder="ink"),
                        Node(
                            "inked",
                            md("RouteDecoder"),
                            ["ink"],
                            script=Out("script"),
                            shots="library-drawing, scene:wood",
                        ),
                        Node("draft", md("LoadAnimator"), bundle="mini", animator="panzoom"),
                        Node("panned", md("RouteAnimator"), ["draft"], script=Out("script"), shots="scene:quay-again"),
                    ],
                    ORANGE,
                ),
            ],
            [Group("Script and cast", opening())],
            [
                Group(
                    "Plan and keyframes",
                    [Node("plan", md("PlanFilm"), ["bundle", "cast"]), frames(["plan", "bundle", "inked"])],
                    GREEN,
                )
            ],
            [Group("Clips", [clips(["frames", "bundle", "panned"])], PURPLE)],
            [Group("Film", [film()], PURPLE)],
        ],
        (6, 7),
    )


def your_own_cast() -> Workflow:
    note = """# Your own cast from reference pictures
*Character* gives one character of the script another face. Here two packaged portraits play Mara and Tom.

**Your own picture**: add *Load Image*, connect it to *reference* and set *portrait* to *none*. A batch of several
pictures of one person makes a steadier face. Then say in *description* what nobody could see in the picture."""
    return Workflow(
        "04_your_own_cast",
        [
            [Group("Read me", [Note(note, 420)], ORANGE)],
            [
                Group(
                    "Script and cast",
                    [
                        Node("script", md("LoadScript"), script="lighthouse"),
                        Node("mara", md("Character"), ["script", "bundle"], title="Mara", character="mara",
                             portrait="hana", description="a person with black hair"),
                        Node("tom", md("Character"), ["mara", "bundle"], title="Tom", character="tom", portrait="bruno",
                             description="someone with a full beard"),
                    ],
                )
            ],
            [
                Group(
                    "Plan",
                    [
                        Node("bundle", md("LoadBundle"), bundle="mini"),
                        Node("cast", md("MakeCast"), ["tom", "bundle"]),
                        Node("plan", md("PlanFilm"), ["bundle", "cast"]),
                    ],
                    GREEN,
                )
            ],
            [Group("Keyframes", [frames(["plan", "bundle"]), sheet()], GREEN)],
            [Group("Clips", [clips(["frames", "bundle"])], PURPLE)],
            [Group("Film", [film()], PURPLE)],
        ],
        (2, 3),
        width=NARROW,
    )  # fmt: skip


def candidates() -> Workflow:
    note = """# Candidates and re-planning
*Plan Film* draws four candidates for every shot and takes the likeliest. *Pick Candidate* takes another one for a
shot; *Preview Tokens* shows all four. *Re-plan From Shot* then plans one later shot again with another seed.

Every other shot keeps its plan and its pictures."""
    return Workflow(
        "05_candidates_and_replanning",
        [
            [
                Group("Read me", [Note(note, 300)], ORANGE),
                Group(
                    "The candidates",
                    [
                        Node("look", md("PreviewTokens"), ["pick", "bundle"]),
                        Node("shown", "PreviewImage", ["look"], tall=240),
                    ],
                    ORANGE,
                ),
            ],
            [Group("Script and cast", opening())],
            [
                Group(
                    "Plan, pick, plan again",
                    [
                        Node("plan", md("PlanFilm"), ["bundle", "cast"], candidates=4),
                        Node("pick", md("PickCandidate"), ["plan"], shots="quay-dance", number=2),
                        Node("again", md("ReplanFrom"), ["pick", "bundle"], shots="quay-song", extent="only these",
                             seed=7),
                    ],
                    GREEN,
                )
            ],
            [Group("Keyframes", [frames(["again", "bundle"])], GREEN)],
            [Group("Clips", [clips(["frames", "bundle"])], PURPLE)],
            [Group("Film", [film()], PURPLE)],
        ],
        (9, 10),
        width=NARROW,
    )  # fmt: skip


def continue_an_episode() -> Workflow:
    note = """# Continue an episode
The plan of the first film goes into *Plan Film* of the second as *history*: the harbour and the library come back as
they were, and people keep their clothes. A third episode takes the second one's plan and knows both.

*Save Plan* and *Load Plan* carry a plan from one day to the next. If all you have of an earlier episode is pictures,
*Encode Keyframes* makes a history of them; that tells the planner much less, for it does not know what they show."""
    return Workflow(
        "06_continue_an_episode",
        [
            [
                Group("Read me", [Note(note, 400)], ORANGE),
                Group("For both episodes", [Node("bundle", md("LoadBundle"), bundle="mini")]),
            ],
            [
                Group(
                    "The earlier episode",
                    [
                        Node("script_1", md("LoadScript"), title="Load Script (first episode)", script="lighthouse"),
                        Node("cast_1", md("MakeCast"), ["script_1", "bundle"]),
                        Node("earlier", md("PlanFilm"), ["bundle", "cast_1"], title="Plan Film (first episode)"),
                    ],
                )
            ],
            [
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
                )
            ],
            [Group("Keyframes", [frames(["plan", "bundle"])], GREEN)],
            [Group("Clips", [clips(["frames", "bundle"])], PURPLE)],
            [Group("Film", [film()], PURPLE)],
        ],
        (0, 9),
        width=NARROW,
    )


def from_other_nodes(name: str, note: Note, between: list[list[Group]], last: list[list[Group]]) -> Workflow:
    """A film with one shot that goes out, through the nodes `between`, and back in."""
    return Workflow(
        name,
        [
            [Group("Read me", [note], ORANGE), *between[0]],
            [Group("Script and cast", opening())],
            [
                Group(
                    "Plan and keyframes",
                    [Node("plan", md("PlanFilm"), ["bundle", "cast"]), frames(["plan", "bundle"])],
                    GREEN,
                )
            ],
            *([Group("One shot", [Node("get", md("GetShot"), ["frames"], shot="wood-path")], GREEN), *groups]
              for groups in between[1:2]),
            *between[2:],
            *last,
        ],
        (7, 8),
        width=NARROW,
    )  # fmt: skip


def back_in(last: str) -> Group:
    """The picture goes back into the film."""
    return Group("Back into the film", [
        Node("replaced", md("ReplaceKeyframes"), ["frames", last], shots="wood-path")
    ], PURPLE)  # fmt: skip


def core_nodes() -> Workflow:
    note = """# A shot from other nodes
*Get Shot* hands out one shot's keyframe, prompt, seed and seconds. Whatever you make of it with any nodes goes back
with *Replace Keyframes*: it is animated and cut into the film like every other shot.

Here ComfyUI's own image nodes turn one shot into a negative. *Replace Clips* takes whole clips (VIDEO) the same way."""
    between = Group("Any nodes you like", [
        Node("negative", "ImageInvert", ["get"]),
        Node("soft", "ImageBlur", ["negative"], blur_radius=1, sigma=0.6),
    ], ORANGE)  # fmt: skip
    return from_other_nodes(
        "07_a_shot_from_other_nodes",
        Note(note, 340),
        [[], [between, back_in("soft")]],
        [[Group("Clips", [clips(["replaced", "bundle"])], PURPLE)], [Group("Film", [film()], PURPLE)]],
    )


def sampler_nodes() -> Workflow:
    note = f"""# A shot from sampler nodes
{NEEDS_CHECKPOINT}

The shot's keyframe is scaled up, encoded and painted over with the shot's own prompt; *denoise* says how far."""
    checkpoint = Group("Your checkpoint", [
        Node("checkpoint", "CheckpointLoaderSimple", ckpt_name=CHECKPOINT),
        Node("words", "CLIPTextEncode", clip=Out("checkpoint"), text=Out("get", "prompt")),
        Node("bad", "CLIPTextEncode", clip=Out("checkpoint"), text="blurry, text, watermark"),
    ], ORANGE)  # fmt: skip
    picture = Group("Painted over", [
        Node("large", "ImageScale", ["get"], upscale_method="lanczos", width=768, height=384, crop="disabled"),
        Node("latent", "VAEEncode", pixels=Out("large"), vae=Out("checkpoint")),
        Node("sampler", "KSampler", model=Out("checkpoint"), positive=Out("words"), negative=Out("bad"),
             latent_image=Out("latent"), seed=7, steps=20, cfg=6.0, sampler_name="dpmpp_2m", scheduler="karras",
             denoise=0.55),
        Node("image", "VAEDecode", samples=Out("sampler"), vae=Out("checkpoint")),
    ], ORANGE)  # fmt: skip
    # The clips stand last: what they show while they work hangs over nothing.
    ending = Group("Film", [film(), Node("clips", md("AnimateKeyframes"), ["replaced", "bundle"])], PURPLE)
    return from_other_nodes(
        "07b_a_shot_from_sampler_nodes",
        Note(note, 260),
        [[checkpoint], [back_in("image")], [picture]],
        [[ending]],
    )


def sixty_shots() -> Workflow:
    note = """# Sixty shots
A long film, its continuity measured: the plot shows for every shot how well people and places were kept.
*Reroll Weak Shots* renders shots under the threshold again with other seeds and keeps the best take.

It takes a while the first time. Everything that is finished stays in the store, whatever happens."""
    return Workflow(
        "08_sixty_shots",
        [
            [
                Group("Read me", [Note(note, 280)], ORANGE),
                Group("All keyframes", [Node("sheet", md("ContactSheet"), ["reroll"], tall=440)], GREEN),
            ],
            [Group("Script and cast", opening("the_long_way_home"))],
            [
                Group(
                    "Plan and keyframes",
                    [Node("plan", md("PlanFilm"), ["bundle", "cast"]), frames(["plan", "bundle"])],
                    GREEN,
                )
            ],
            [
                Group(
                    "Continuity",
                    [
                        Node("reroll", md("RerollWeakShots"), ["frames", "bundle"]),
                        Node("report", md("ContinuityReport"), ["reroll", "bundle"], tall=SHEET),
                        Node("plot", "PreviewImage", ["report"], tall=240),
                    ],
                    ORANGE,
                )
            ],
            [Group("Clips", [clips(["reroll", "bundle"])], PURPLE)],
            [Group("Film", [film()], PURPLE)],
        ],
        (4, 11),
        width=NARROW,
    )


def own_checkpoint() -> Workflow:
    note = f"""# A decoder from your own checkpoint
{NEEDS_CHECKPOINT}

*Decoder From Model* makes a decoder of any checkpoint, with whatever LoRAs you put in between; *Route Decoder* gives
it one shot. It draws the shot from the shot's own sentence, which stands in *prompt_template* as `{{prompt}}`; of plan
and faces it knows nothing, unless a *condition* fits it. All other shots keep their pictures.

Wire it straight into *Decode Keyframes*, and it draws the whole film."""
    return Workflow(
        "09_a_decoder_from_your_own_checkpoint",
        [
            [Group("Read me", [Note(note, 500)], ORANGE)],
            [Group("Script and cast", opening())],
            [
                Group(
                    "Your checkpoint, for one shot",
                    [
                        Node("checkpoint", "CheckpointLoaderSimple", ckpt_name=CHECKPOINT),
                        Node("drawn", md("DecoderFromModel"), ["checkpoint"], sampler_name="dpmpp_2m",
                             scheduler="karras", negative="blurry, text, watermark",
                             prompt_template="paper-cut illustration, {prompt}"),
                        Node("route", md("RouteDecoder"), ["drawn"], script=Out("script"), shots="wood-path"),
                    ],
                    ORANGE,
                )
            ],
            [
                Group(
                    "Plan and keyframes",
                    [Node("plan", md("PlanFilm"), ["bundle", "cast"]), frames(["plan", "bundle", "route"])],
                    GREEN,
                )
            ],
            [Group("Clips", [clips(["frames", "bundle"])], PURPLE)],
            [Group("Film", [film()], PURPLE)],
        ],
        (6, 10),
        width=NARROW,
    )  # fmt: skip


def edit_a_plan() -> Workflow:
    note = """# Edit a plan, shot by shot
- *Edit Plan* moves shots toward a picture: here the last shots toward the first one, which *Encode Keyframes* reads.
- *Shot Settings*, a chain: another seed for one shot, another length for another.
- *Replace Clips* puts any video in the place of a clip: here a keyframe held still (*Load Video* in your own work).
- *Save Plan* keeps the plan; next time *Load Plan* stands for *Plan Film* and *Edit Plan*.

Only these shots are made again."""
    return Workflow(
        "10_edit_a_plan_shot_by_shot",
        [
            [
                Group("Read me", [Note(note, 270)], ORANGE),
                Group(
                    "Settings for single shots",
                    [
                        Node("seed", md("ShotSettings"), script=Out("script"), title="Shot Settings (another seed)",
                             shots="quay-news", seed=7),
                        Node("longer", md("ShotSettings"), ["seed"], script=Out("script"),
                             title="Shot Settings (longer)", shots="library-ines", seconds=3.0),
                    ],
                    ORANGE,
                ),
            ],
            [
                Group("Script and cast", [
                    Node("script", md("LoadScript"), script="lighthouse"),
                    Node("bundle", md("LoadBundle"), collapsed=True, bundle="mini"),
                    Node("cast", md("MakeCast"), ["script", "bundle"], collapsed=True),
                ]),
                Group(
                    "A picture to move toward",
                    [
                        Node("picture", md("GetShot"), ["first"], shot="quay-arrival"),
                        Node("read", md("EncodeKeyframes"), ["bundle", "picture"], collapsed=True),
                    ],
                    ORANGE,
                ),
            ],
            [
                Group(
                    "The plan",
                    [
                        Node("plan", md("PlanFilm"), ["bundle", "cast"]),
                        frames(["plan", "bundle"], "first", title="Decode Keyframes (as planned)"),
                    ],
                    GREEN,
                )
            ],
            [
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
                    "A clip from other nodes",
                    [
                        Node("held", "RepeatImageBatch", ["get"], collapsed=True, amount=Out("get", "frames")),
                        Node("video", "CreateVideo", ["held"], collapsed=True, fps=Out("get", "fps")),
                        Node("get", md("GetShot"), ["frames"], shot="library-drawing"),
                    ],
                    ORANGE,
                ),
            ],
            [
                Group("Keyframes", [frames(["edited", "bundle", "longer"], tall=PREVIEW - 60)], GREEN),
                # What it shows while it works hangs over nothing.
                Group("Clips", [Node("clips", md("AnimateKeyframes"), ["frames", "bundle"])], PURPLE),
            ],
            [
                Group(
                    "Film",
                    [
                        Node("replaced", md("ReplaceClips"), ["clips", "video"], shots="library-drawing"),
                        film("replaced"),
                    ],
                    PURPLE,
                )
            ],
        ],
        (11, 10),
        width=NARROW,
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
    """Two keyframes below each other: 320x320 pixels."""
    sheet = Image.new("RGB", (320, 320))
    for row, picture in enumerate(pictures):
        sheet.paste(Image.open(picture).convert("RGB").resize((320, 160), Image.Resampling.LANCZOS), (0, 160 * row))
    sheet.save(target, quality=58, optimize=True, progressive=True)


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
