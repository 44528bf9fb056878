"""Workflows in which the artist's own models draw and move: one a family, core nodes between Shot In and Shot Out.

Files, folders and addresses are those of ComfyUI's own blueprints, so that the page offers what is missing. What a
licence allows is said in the note, with where it was read and when; only its owner's text counts.
"""

from workflow_files import Group, Node, Note, Out, Workflow

BLUE, GREEN, PURPLE, ORANGE = "#3f789e", "#3f8e5a", "#6b5b95", "#a1762e"
HUB = "https://huggingface.co/Comfy-Org"
READ = "read 25 November 2026"


def md(kind: str) -> str:
    """The class of one of our nodes."""
    return f"MovieDreamer{kind}"


def file(directory: str, place: str) -> list[dict[str, str]]:
    """A model file as the page's "missing models" reads it; `place` is below HUB."""
    return [{"name": place.rpartition("/")[2], "url": f"{HUB}/{place}", "directory": directory}]


def loader(key: str, kind: str, widget: str, directory: str, place: str, **more: object) -> Node:
    """A loader of one file."""
    found = file(directory, place)
    return Node(key, kind, models=found, **{widget: found[0]["name"], **more})


def opening() -> Group:
    """Script, bundle and cast: the plan is the mini bundle's whatever draws."""
    script = Node("script", md("LoadScript"), script="lighthouse")
    bundle = Node("bundle", md("LoadBundle"), bundle="mini")
    return Group("Script and cast", [script, bundle, Node("cast", md("MakeCast"), ["script", "bundle"])])


def planned(*after: str) -> Group:
    """Plan and keyframes; `after` is what draws."""
    plan = Node("plan", md("PlanFilm"), ["bundle", "cast"])
    return Group("Plan and keyframes", [plan, Node("frames", md("DecodeKeyframes"), ["plan", *after])], GREEN)


def ending(animator: str) -> Group:
    """Clips and film."""
    clips = Node("clips", md("AnimateKeyframes"), ["frames", animator])
    return Group("Film", [clips, Node("film", md("CombineFilm"), ["clips"], tall=260)], PURPLE)


def stills() -> Node:
    """The animator that needs no weights and keeps the pictures' size."""
    return Node("still", md("LoadAnimator"), bundle="mini", animator="panzoom")


def text_to_image() -> Workflow:
    note = f"""# A film drawn by your own model
The nodes between *Shot In* and *Shot Out* are the decoder: here Z-Image-Turbo, as in ComfyUI's own blueprint. They
run once for every shot that is not there yet, with its prompt and its seed. Put in LoRAs, another sampler or another
model as you like: that draws the shots anew, and the plan stays.

**Files** (the page offers what is missing): `z_image_turbo_bf16`, `qwen_3_4b`, `ae`. **Licence**: Apache-2.0
(huggingface.co/Tongyi-MAI/Z-Image-Turbo, {READ})."""
    body = [
        loader("model", "UNETLoader", "unet_name", "diffusion_models",
               "z_image_turbo/resolve/main/split_files/diffusion_models/z_image_turbo_bf16.safetensors"),
        loader("clip", "CLIPLoader", "clip_name", "text_encoders",
               "z_image_turbo/resolve/main/split_files/text_encoders/qwen_3_4b.safetensors", type="lumina2"),
        loader("vae", "VAELoader", "vae_name", "vae", "z_image_turbo/resolve/main/split_files/vae/ae.safetensors"),
        Node("shifted", "ModelSamplingAuraFlow", model=Out("model"), shift=3.0),
    ]  # fmt: skip
    drawing = [
        Node("in", md("ShotIn"), steps=8, cfg=1.0, prompt_template="{prompt}, film still"),
        Node("words", "CLIPTextEncode", clip=Out("clip"), text=Out("in", "prompt")),
        Node("nothing", "ConditioningZeroOut", conditioning=Out("words")),
        Node("latent", "EmptySD3LatentImage", width=Out("in", "width"), height=Out("in", "height")),
        Node("sampler", "KSampler", model=Out("shifted"), positive=Out("words"), negative=Out("nothing"),
             latent_image=Out("latent"), steps=Out("in", "steps"), cfg=Out("in", "cfg"), sampler_name="res_multistep",
             scheduler="simple", denoise=1.0),
        Node("image", "VAEDecode", samples=Out("sampler"), vae=Out("vae")),
        Node("out", md("ShotOutKeyframe"), images=Out("image"), width=1024, height=512),
    ]  # fmt: skip
    return Workflow(
        "11_a_film_by_your_own_model",
        [
            [Group("Read me", [Note(note, 380)], ORANGE)],
            [opening()],
            [Group("Your model", body, ORANGE)],
            [Group("What draws a shot", drawing, ORANGE)],
            [planned("out")],
            [Group("Film", [stills(), *ending("still").parts], PURPLE)],
        ],
        (2, 7),
    )


def references() -> Workflow:
    note = """# The cast's pictures as references
Qwen-Image-Edit reads up to three pictures: the last keyframe of the same place, and the pictures of the first two
people from the script. Shots without one leave that input empty. When an earlier keyframe is drawn anew, later shots
stay and say "drawn with an older shot"; `replan: following` refreshes them.

**Files**: `qwen_image_edit_2511_bf16`, `qwen_2.5_vl_7b_fp8_scaled`, `qwen_image_vae`. **Licence**: not read for
these templates; read it at the model's page before you show what it draws."""
    files = "resolve/main/split_files"
    body = [
        loader("model", "UNETLoader", "unet_name", "diffusion_models",
               f"Qwen-Image-Edit_ComfyUI/{files}/diffusion_models/qwen_image_edit_2511_bf16.safetensors"),
        loader("clip", "CLIPLoader", "clip_name", "text_encoders",
               f"HunyuanVideo_1.5_repackaged/{files}/text_encoders/qwen_2.5_vl_7b_fp8_scaled.safetensors",
               type="qwen_image"),
        loader("vae", "VAELoader", "vae_name", "vae", f"Qwen-Image_ComfyUI/{files}/vae/qwen_image_vae.safetensors"),
        Node("shifted", "ModelSamplingAuraFlow", model=Out("model"), shift=3.1),
        Node("normed", "CFGNorm", model=Out("shifted"), strength=1.0),
    ]  # fmt: skip
    pictures = {
        "image1": Out("in", "same place before"), "image2": Out("in", "reference 1"), "image3": Out("in", "reference 2")
    }  # fmt: skip
    drawing = [
        Node("in", md("ShotIn"), steps=40, cfg=4.0),
        Node("words", "TextEncodeQwenImageEditPlus", clip=Out("clip"), vae=Out("vae"), prompt=Out("in", "prompt"),
             **pictures),
        Node("bad", "TextEncodeQwenImageEditPlus", clip=Out("clip"), vae=Out("vae"), prompt=Out("in", "negative"),
             **pictures),
        Node("latent", "EmptySD3LatentImage", width=Out("in", "width"), height=Out("in", "height")),
        Node("sampler", "KSampler", model=Out("normed"), positive=Out("words"), negative=Out("bad"),
             latent_image=Out("latent"), steps=Out("in", "steps"), cfg=Out("in", "cfg"), sampler_name="euler",
             scheduler="simple", denoise=1.0),
        Node("image", "VAEDecode", samples=Out("sampler"), vae=Out("vae")),
        Node("out", md("ShotOutKeyframe"), images=Out("image"), width=1024, height=512),
    ]  # fmt: skip
    return Workflow(
        "12_references_of_the_cast",
        [
            [Group("Read me", [Note(note, 360)], ORANGE)],
            [opening()],
            [Group("Your model", body, ORANGE)],
            [Group("What draws a shot", drawing, ORANGE)],
            [planned("out")],
            [Group("Film", [stills(), *ending("still").parts], PURPLE)],
        ],
        (1, 8),
    )


def image_to_video() -> Workflow:
    note = f"""# Clips by your own model
The nodes between *Shot In* and *Shot Out (Clip)* are the animator: here Wan 2.2, high and low noise, as in ComfyUI's
own blueprint. It works at 16 frames a second and makes 4n+1 frames: Shot In asks for enough, and the film shows the
frames of its own moments. The keyframes are the mini bundle's; put *Shot Out (Keyframe)* of 11 in their place.

**Files**: `wan2.2_i2v_high_noise_14B` and `low_noise`, both LoRAs, `umt5_xxl`, `wan_2.1_vae`. **Licence**: Apache-2.0
by its readme (Wan-Video/Wan2.2, {READ})."""
    wan = "Wan_2.2_ComfyUI_Repackaged/resolve/main/split_files"

    def branch(noise: str) -> list[Node]:
        return [
            loader(f"{noise}_model", "UNETLoader", "unet_name", "diffusion_models",
                   f"{wan}/diffusion_models/wan2.2_i2v_{noise}_noise_14B_fp8_scaled.safetensors"),
            loader(f"{noise}_lora", "LoraLoaderModelOnly", "lora_name", "loras",
                   f"{wan}/loras/wan2.2_i2v_lightx2v_4steps_lora_v1_{noise}_noise.safetensors",
                   model=Out(f"{noise}_model")),
            Node(f"{noise}_shift", "ModelSamplingSD3", model=Out(f"{noise}_lora"), shift=5.0),
        ]  # fmt: skip

    body = [
        *branch("high"), *branch("low"),
        loader("clip", "CLIPLoader", "clip_name", "text_encoders", "Wan_2.1_ComfyUI_repackaged/resolve/main/"
               "split_files/text_encoders/umt5_xxl_fp8_e4m3fn_scaled.safetensors", type="wan"),
        loader("vae", "VAELoader", "vae_name", "vae", f"{wan}/vae/wan_2.1_vae.safetensors"),
    ]  # fmt: skip
    common = {"positive": Out("start", "positive"), "negative": Out("start", "negative"), "steps": 4, "cfg": 1.0,
              "sampler_name": "euler", "scheduler": "simple"}  # fmt: skip
    moving = [
        Node("in", md("ShotIn"), frames="4n+1", fps=16.0, negative="static, blurry, subtitles, deformed"),
        Node("words", "CLIPTextEncode", clip=Out("clip"), text=Out("in", "prompt")),
        Node("bad", "CLIPTextEncode", clip=Out("clip"), text=Out("in", "negative")),
        Node("start", "WanImageToVideo", positive=Out("words"), negative=Out("bad"), vae=Out("vae"),
             start_image=Out("in", "keyframe"), width=Out("in", "width"), height=Out("in", "height"),
             length=Out("in", "frames")),
        Node("high", "KSamplerAdvanced", model=Out("high_shift"), latent_image=Out("start", "latent"),
             add_noise="enable", start_at_step=0, end_at_step=2, return_with_leftover_noise="enable", **common),
        Node("low", "KSamplerAdvanced", model=Out("low_shift"), latent_image=Out("high"), add_noise="disable",
             start_at_step=2, end_at_step=4, return_with_leftover_noise="disable", **common),
        Node("frames_made", "VAEDecode", samples=Out("low"), vae=Out("vae")),
        Node("out", md("ShotOutClip"), clip=Out("frames_made")),
    ]  # fmt: skip
    return Workflow(
        "13_clips_by_your_own_model",
        [
            [Group("Read me", [Note(note, 380)], ORANGE)],
            [opening()],
            [planned("bundle")],
            [Group("Your model", body, ORANGE)],
            [Group("What moves a shot", moving, ORANGE)],
            [ending("out")],
        ],
        (3, 11),
    )


def three_engines() -> Workflow:
    note = """# Three engines in one film
Nothing to download. Most shots are mini's paper, one is ink, and two are made by a *body*: core nodes between *Shot
In* and *Shot Out*, which turn the last picture of the same place into a memory of it. Routes say which shot is whose;
each is drawn once, kept, measured and rerolled like any other.

Put your own sampler between *Shot In* and *Shot Out*, and two shots are your model's: 11 to 13 show how."""
    body = [
        Node("in", md("ShotIn"), multiple=8),
        Node("large", "ImageScale", image=Out("in", "same place before"), upscale_method="lanczos",
             width=Out("in", "width"), height=Out("in", "height"), crop="disabled"),
        Node("tint", "EmptyImage", width=Out("in", "width"), height=Out("in", "height"), batch_size=1, color=13936545),
        Node("memory", "ImageBlend", image1=Out("large"), image2=Out("tint"), blend_factor=0.7,
             blend_mode="soft_light"),
        Node("soft", "ImageBlur", image=Out("memory"), blur_radius=3, sigma=1.5),
        Node("shown", "PreviewImage", images=Out("soft"), tall=200),
        Node("out", md("ShotOutKeyframe"), images=Out("soft"), width=512, height=256),
        Node("route", md("RouteDecoder"), decoder=Out("out"), routes=Out("inked"), shots="quay-song, library-drawing"),
    ]  # fmt: skip
    ink = [
        Node("ink", md("LoadDecoder"), bundle="mini", decoder="ink"),
        Node("inked", md("RouteDecoder"), decoder=Out("ink"), shots="wood-path"),
    ]
    return Workflow(
        "14_three_engines_in_one_film",
        [
            [Group("Read me, then press Run", [Note(note, 320)], ORANGE)],
            [opening()],
            [Group("Ink for one shot", ink)],
            [Group("A body of core nodes", body, ORANGE)],
            [planned("bundle", "route")],
            [ending("bundle")],
        ],
        (5, 9),
    )


BODIES = (text_to_image, references, image_to_video, three_engines)
