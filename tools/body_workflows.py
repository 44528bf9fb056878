"""Workflows in which the artist's own models draw and move: one a family, core nodes between Shot In and Shot Out.

Files, folders and addresses are those of ComfyUI's own blueprints and templates, so that the page offers what is
missing. What a licence allows is said in the note as `moviedreamer_core/licences` has it; only its owner's text counts.
"""

from dataclasses import replace

from workflow_files import Group, Node, Note, Out, Workflow

from moviedreamer_core.licences import licence

GREEN, PURPLE, ORANGE = "#3f8e5a", "#6b5b95", "#a1762e"
HUB = "https://huggingface.co/Comfy-Org"


def md(kind: str) -> str:
    """The class of one of our nodes."""
    return f"MovieDreamer{kind}"


def file(directory: str, place: str) -> list[dict[str, str]]:
    """A model file as the page's "missing models" reads it; `place` is below HUB, or a whole address."""
    url = place if place.startswith("https:") else f"{HUB}/{place}"
    return [{"name": place.rpartition("/")[2], "url": url, "directory": directory}]


def allowed(*families: str) -> str:
    """What the owners of these models allow, for a note."""
    return "**Licences**: " + " ".join(licence(family).words() for family in families)


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

**Files** (the page offers what is missing): `z_image_turbo_bf16`, `qwen_3_4b`, `ae`. {allowed("z-image")}"""
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
    note = f"""# The cast's pictures as references
Qwen-Image-Edit reads up to three pictures: the last keyframe of the same place, and the pictures of the first two
people from the script. Shots without one leave that input empty. When an earlier keyframe is drawn anew, later shots
stay and say "drawn with an older shot"; `replan: following` refreshes them. For photographs of your own switch
`look_for_faces` of Make Cast off: the mini bundle's planner knows drawn faces alone.

**Files**: `qwen_image_edit_2511_bf16`, `qwen_2.5_vl_7b_fp8_scaled`, `qwen_image_vae`. {allowed("qwen-image")}"""
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

**Files**: `wan2.2_i2v_high_noise_14B` and `low_noise`, both LoRAs, `umt5_xxl`, `wan_2.1_vae`. {allowed("wan")}"""
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


def drawn_film(name: str, note: str, model: list[Node], drawing: list[Node], pictures: tuple[int, int]) -> Workflow:
    """A film whose keyframes a body draws, up to the node "out"."""
    return Workflow(
        name,
        [
            [Group("Read me", [Note(note, 380)], ORANGE)],
            [opening()],
            [Group("Your model", model, ORANGE)],
            [Group("What draws a shot", drawing, ORANGE)],
            [planned("out")],
            [Group("Film", [stills(), *ending("still").parts], PURPLE)],
        ],
        pictures,
    )


def moved_film(
    name: str, note: str, model: list[Node], moving: list[Node], pictures: tuple[int, int], animator: str = "out"
) -> Workflow:
    """A film of mini's keyframes whose clips a body makes, up to the node "out"."""
    return Workflow(
        name,
        [
            [Group("Read me", [Note(note, 380)], ORANGE)],
            [opening()],
            [planned("bundle")],
            *([[Group("Your model", model, ORANGE)]] if model else []),
            [Group("What moves a shot", moving, ORANGE)],
            [ending(animator)],
        ],
        pictures,
    )


def sdxl() -> Workflow:
    note = f"""# A film drawn by SDXL
Any SDXL checkpoint: choose yours in *Load Checkpoint*, put LoRAs behind it. SDXL looks at no reference pictures: for
likeness bring IP-Adapter or a LoRA of your cast. A model that others trained from it can have another licence.

**File**: `sd_xl_base_1.0`. {allowed("sdxl")}"""
    model = [
        loader("model", "CheckpointLoaderSimple", "ckpt_name", "checkpoints",
               "https://huggingface.co/stabilityai/stable-diffusion-xl-base-1.0/resolve/main/sd_xl_base_1.0.safetensors"),
    ]  # fmt: skip
    drawing = [
        Node("in", md("ShotIn"), multiple=8, steps=25, cfg=6.0, prompt_template="{prompt}, film still",
             negative="text, watermark, deformed"),
        Node("words", "CLIPTextEncode", clip=Out("model"), text=Out("in", "prompt")),
        Node("bad", "CLIPTextEncode", clip=Out("model"), text=Out("in", "negative")),
        Node("latent", "EmptyLatentImage", width=Out("in", "width"), height=Out("in", "height")),
        Node("sampler", "KSampler", model=Out("model"), positive=Out("words"), negative=Out("bad"),
             latent_image=Out("latent"), steps=Out("in", "steps"), cfg=Out("in", "cfg"), sampler_name="dpmpp_2m",
             scheduler="karras", denoise=1.0),
        Node("image", "VAEDecode", samples=Out("sampler"), vae=Out("model")),
        Node("out", md("ShotOutKeyframe"), images=Out("image"), width=1344, height=672),
    ]  # fmt: skip
    return drawn_film("15_a_film_by_sdxl", note, model, drawing, (4, 8))


def klein() -> Workflow:
    note = f"""# References by Flux.2 Klein
Klein reads any number of pictures, one *ReferenceLatent* after another: the last keyframe of the same place, then the
cast's pictures of the first two people. A shot without one runs neither its encoder nor its scaler. Four steps at cfg
1, so the negative prompt changes nothing. For photographs of your own switch `look_for_faces` of Make Cast off.

**Files**: `flux-2-klein-4b-fp8`, `qwen_3_4b`, `flux2-vae`. {allowed("flux2-klein-4b", "flux2-vae")}"""
    model = [
        loader("model", "UNETLoader", "unet_name", "diffusion_models",
               "https://huggingface.co/black-forest-labs/FLUX.2-klein-4b-fp8/resolve/main/"
               "flux-2-klein-4b-fp8.safetensors"),
        loader("clip", "CLIPLoader", "clip_name", "text_encoders",
               "z_image_turbo/resolve/main/split_files/text_encoders/qwen_3_4b.safetensors", type="flux2"),
        loader("vae", "VAELoader", "vae_name", "vae", "flux2-dev/resolve/main/split_files/vae/flux2-vae.safetensors"),
    ]  # fmt: skip

    def shown(key: str, picture: str, after: str) -> list[Node]:
        return [
            Node(f"{key}_size", "ImageScaleToTotalPixels", image=Out("in", picture), upscale_method="lanczos",
                 megapixels=1.0),
            Node(f"{key}_seen", "VAEEncode", pixels=Out(f"{key}_size"), vae=Out("vae")),
            Node(key, "ReferenceLatent", conditioning=Out(after), latent=Out(f"{key}_seen")),
        ]  # fmt: skip

    drawing = [
        Node("in", md("ShotIn"), multiple=16, steps=4, cfg=1.0),
        Node("words", "CLIPTextEncode", clip=Out("clip"), text=Out("in", "prompt")),
        *shown("place", "same place before", "words"),
        *shown("one", "reference 1", "place"),
        *shown("two", "reference 2", "one"),
    ]
    sampling = [
        Node("nothing", "ConditioningZeroOut", conditioning=Out("words")),
        Node("guider", "CFGGuider", model=Out("model"), positive=Out("two"), negative=Out("nothing"),
             cfg=Out("in", "cfg")),
        Node("noise", "RandomNoise", noise_seed=Out("in", "seed")),
        Node("kind", "KSamplerSelect", sampler_name="euler"),
        Node("sigmas", "Flux2Scheduler", steps=Out("in", "steps"), width=Out("in", "width"),
             height=Out("in", "height")),
        Node("latent", "EmptyFlux2LatentImage", width=Out("in", "width"), height=Out("in", "height")),
        Node("sampler", "SamplerCustomAdvanced", noise=Out("noise"), guider=Out("guider"), sampler=Out("kind"),
             sigmas=Out("sigmas"), latent_image=Out("latent")),
        Node("image", "VAEDecode", samples=Out("sampler"), vae=Out("vae")),
        Node("out", md("ShotOutKeyframe"), images=Out("image"), width=1024, height=512),
    ]  # fmt: skip
    film = drawn_film("16_references_by_flux2_klein", note, model, drawing, (1, 5))
    film.columns.insert(4, [Group("How it is sampled", sampling, ORANGE)])
    return film


def ltx() -> Workflow:
    note = f"""# Clips with sound by LTX-2.3
Picture and sound in one pass, at 24 frames a second and 8n+1 frames; the film shows the frames of its own moments, and
the sound is cut to the shot. What people say and what is heard goes into the prompt from the script.

**Files**: `ltx-2.3-22b-distilled-fp8`, `gemma_3_12B_it_fp4_mixed`. {allowed("ltx-2", "gemma")}"""
    place = "https://huggingface.co/Lightricks/LTX-2.3-fp8/resolve/main/ltx-2.3-22b-distilled-fp8.safetensors"
    words = "ltx-2/resolve/main/split_files/text_encoders/gemma_3_12B_it_fp4_mixed.safetensors"
    checkpoint = file("checkpoints", place)
    model = [
        loader("model", "CheckpointLoaderSimple", "ckpt_name", "checkpoints", place),
        Node("audio", "LTXVAudioVAELoader", ckpt_name=checkpoint[0]["name"], models=checkpoint),
        Node("clip", "LTXAVTextEncoderLoader", text_encoder=file("text_encoders", words)[0]["name"],
             ckpt_name=checkpoint[0]["name"], models=[*file("text_encoders", words), *checkpoint]),
    ]  # fmt: skip
    moving = [
        Node("in", md("ShotIn"), multiple=32, frames="8n+1", fps=24.0, cfg=1.0),
        Node("words", "CLIPTextEncode", clip=Out("clip"), text=Out("in", "prompt")),
        Node("bad", "CLIPTextEncode", clip=Out("clip"), text=Out("in", "negative")),
        Node("rated", "LTXVConditioning", positive=Out("words"), negative=Out("bad"), frame_rate=Out("in", "fps")),
        Node("empty", "EmptyLTXVLatentVideo", width=Out("in", "width"), height=Out("in", "height"),
             length=Out("in", "frames")),
        Node("still", "LTXVPreprocess", image=Out("in", "keyframe"), img_compression=18),
        Node("begun", "LTXVImgToVideoInplace", vae=Out("model"), image=Out("still"), latent=Out("empty"),
             strength=1.0),
        Node("silent", "LTXVEmptyLatentAudio", frames_number=Out("in", "frames"), frame_rate=Out("in", "fps"),
             audio_vae=Out("audio")),
        Node("both", "LTXVConcatAVLatent", video_latent=Out("begun"), audio_latent=Out("silent")),
    ]  # fmt: skip
    sampling = [
        Node("guider", "CFGGuider", model=Out("model"), positive=Out("rated", "positive"),
             negative=Out("rated", "negative"), cfg=Out("in", "cfg")),
        Node("noise", "RandomNoise", noise_seed=Out("in", "seed")),
        Node("kind", "SamplerEulerAncestral", eta=0.0, s_noise=1.0),
        Node("sigmas", "ManualSigmas",
             sigmas="1.0, 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875, 0.0"),
        Node("sampler", "SamplerCustomAdvanced", noise=Out("noise"), guider=Out("guider"), sampler=Out("kind"),
             sigmas=Out("sigmas"), latent_image=Out("both")),
        Node("parted", "LTXVSeparateAVLatent", av_latent=Out("sampler", "denoised_output")),
        Node("frames_made", "VAEDecodeTiled", samples=Out("parted", "video_latent"), vae=Out("model"), tile_size=768,
             overlap=64, temporal_size=4096, temporal_overlap=64),
        Node("heard", "LTXVAudioVAEDecode", samples=Out("parted", "audio_latent"), audio_vae=Out("audio")),
        Node("out", md("ShotOutClip"), clip=Out("frames_made"), audio=Out("heard")),
    ]  # fmt: skip
    film = moved_film("17_clips_with_sound_by_ltx", note, model, moving, (0, 6))
    film.columns.insert(5, [Group("How it is sampled", sampling, ORANGE)])
    return film


def first_and_last() -> Workflow:
    film = image_to_video()
    note = f"""# From picture to picture
As in 13, by Wan 2.2, but a shot of several keyframes arrives at its next one: *last keyframe* is given where the shot
has one (`keyframes: 2` in the script), else that input stays empty and the clip is free to end as it likes.

**Files**: those of 13. {allowed("wan")}"""
    columns = [list(column) for column in film.columns]
    columns[0] = [Group("Read me", [Note(note, 360)], ORANGE)]
    moving = [part for group in columns[4] for part in group.parts if isinstance(part, Node)]
    at = next(number for number, node in enumerate(moving) if node.key == "start")
    moving[at] = Node(
        "start", "WanFirstLastFrameToVideo", positive=Out("words"), negative=Out("bad"), vae=Out("vae"),
        start_image=Out("in", "keyframe"), end_image=Out("in", "last keyframe"), width=Out("in", "width"),
        height=Out("in", "height"), length=Out("in", "frames"),
    )  # fmt: skip
    columns[4] = [Group("What moves a shot", moving, ORANGE)]
    return Workflow("18_from_picture_to_picture", columns, (7, 10))


def minimax() -> Workflow:
    note = f"""# MiniMax H3, from frames and by references
Two bodies: most shots begin with their keyframe (FL), and one shot is made by references: its keyframe and the cast's
pictures are *Picture 1, 2, 3* of the prompt, the voice of who speaks (`voice: reference` in the script) its *Audio 1*.
Both bring speech and sound. The model makes 17n+5 frames at 24 a second
and was trained on 124 to 362 of them, five to fifteen seconds; these shots are shorter.

**Files**: `minimax_h3_fl2va`, `minimax_h3_ref2va`, `qwen3vl_32b_minimax_h3`, both VAEs. {allowed("minimax-h3")}"""
    hub = "MiniMax-H3/resolve/main"
    model = [
        loader("fl", "UNETLoader", "unet_name", "diffusion_models",
               f"{hub}/diffusion_models/minimax_h3_fl2va_pruned_int8_convrot.safetensors"),
        loader("ref", "UNETLoader", "unet_name", "diffusion_models",
               f"{hub}/diffusion_models/minimax_h3_ref2va_pruned_int8_convrot.safetensors"),
        loader("clip", "CLIPLoader", "clip_name", "text_encoders",
               f"{hub}/text_encoders/qwen3vl_32b_minimax_h3_nvfp4_awq.safetensors", type="minimax"),
        loader("vae", "VAELoader", "vae_name", "vae", f"{hub}/vae/minimax_h3_video_vae_fp16.safetensors"),
        loader("audio", "VAELoader", "vae_name", "vae", f"{hub}/vae/minimax_h3_audio_vae_fp32.safetensors"),
    ]  # fmt: skip
    sizes = {"width": "width", "height": "height", "length": "frames"}

    def body(key: str, first: Node, start: dict[str, object], kind: str) -> list[Node]:
        asked = {name: Out(f"{key}_in", slot) for name, slot in sizes.items()}
        return [
            first,
            Node(f"{key}_start", kind, clip=Out("clip"), vae=Out("vae"), prompt=Out(f"{key}_in", "prompt"), tall=200,
                 **asked, **start),
            Node(f"{key}_guider", "BasicGuider", model=Out(key), conditioning=Out(f"{key}_start", "positive")),
            Node(f"{key}_noise", "RandomNoise", noise_seed=Out(f"{key}_in", "seed")),
            Node(f"{key}_kind", "KSamplerSelect", sampler_name="res_multistep"),
            Node(f"{key}_sigmas", "BasicScheduler", model=Out(key), scheduler="simple", steps=Out(f"{key}_in", "steps"),
                 denoise=1.0),
            Node(f"{key}_sampler", "SamplerCustomAdvanced", noise=Out(f"{key}_noise"), guider=Out(f"{key}_guider"),
                 sampler=Out(f"{key}_kind"), sigmas=Out(f"{key}_sigmas"), latent_image=Out(f"{key}_start", "LATENT")),
            Node(f"{key}_frames", "VAEDecode", samples=Out(f"{key}_sampler"), vae=Out("vae")),
            Node(f"{key}_heard", "VAEDecodeAudio", samples=Out(f"{key}_sampler"), vae=Out("audio")),
            Node(f"{key}_out", md("ShotOutClip"), clip=Out(f"{key}_frames"), audio=Out(f"{key}_heard")),
        ]  # fmt: skip

    wishes = {"multiple": 32, "frames": "17n+5", "fps": 24.0, "steps": 20}
    fl = body("fl", Node("fl_in", md("ShotIn"), **wishes),
              {"first_frame": Out("fl_in", "keyframe"), "last_frame": Out("fl_in", "last keyframe")},
              "MiniMaxH3ImageToVideo")  # fmt: skip
    template = "Begin as in <Picture 1>; the people are those of the other pictures. {prompt}"
    pictures = {
        "ref_images.ref_image_0": Out("ref_in", "keyframe"), "ref_images.ref_image_1": Out("ref_in", "reference 1"),
        "ref_images.ref_image_2": Out("ref_in", "reference 2"), "audio_vae": Out("audio"),
        "ref_audios.ref_audio_0": Out("ref_in", "voice"),
    }  # fmt: skip
    ref = body("ref", Node("ref_in", md("ShotIn"), prompt_template=template, **wishes), pictures,
               "MiniMaxH3ReferenceToVideo")  # fmt: skip
    route = Node("route", md("RouteAnimator"), animator=Out("ref_out"), shots="quay-song")
    film = moved_film("19_minimax_h3", note, model, fl, (3, 4))
    film.columns[-1:] = [
        [Group("By references", [*ref, route], ORANGE)],
        [Group("Film", [Node("clips", md("AnimateKeyframes"), ["frames"], animator=Out("fl_out"), routes=Out("route")),
                        Node("film", md("CombineFilm"), ["clips"], tall=260)], PURPLE)],
    ]  # fmt: skip
    return film


def partner() -> Workflow:
    note = f"""# One shot by a partner node
Kling moves one shot and speaks its words; mini moves the others. It runs elsewhere and costs credits of your ComfyUI
account, once: the clip is kept, and another Run asks for nothing. It makes 5 or 10 seconds, of which the film takes
what the shot needs.

{allowed("partner")}"""
    moving = [
        Node("in", md("ShotIn"), multiple=16, fps=24.0),
        Node("service", "KlingImageToVideoWithAudio", start_frame=Out("in", "keyframe"), prompt=Out("in", "prompt"),
             model_name="kling-v2-6", mode="pro", duration=5, generate_audio=True),
        Node("out", md("ShotOutClip"), clip=Out("service")),
        Node("route", md("RouteAnimator"), animator=Out("out"), shots="quay-song"),
    ]  # fmt: skip
    film = moved_film("20_one_shot_by_a_partner_node", note, [], moving, (2, 9), animator="bundle")
    film.columns[-1] = [Group("Film", [
        Node("clips", md("AnimateKeyframes"), ["frames", "bundle"], routes=Out("route")),
        Node("film", md("CombineFilm"), ["clips"], tall=260),
    ], PURPLE)]  # fmt: skip
    return replace(film, width=420)  # a partner node's title carries its price


SPOKEN = """\
title: The Night Boat
language: en
defaults: {seconds: auto}
characters:
  - {id: nora, name: Nora, description: a person with red hair and round glasses}
  - {id: otto, name: Otto, description: someone with a full beard and a red cap}
scenes:
  - place: the quiet library
    time: late at night
    shots:
      - size: close
        characters: [{id: nora, action: is talking}]
        dialogue: [{who: nora, line: "The boat comes tonight, and nobody has lit the lamp.", emotion: whispering}]
  - place: the old harbour
    time: at night
    shots:
      - size: two-shot
        characters: [{id: otto, action: points at something}, {id: nora, action: is talking}]
        dialogue:
          - {who: otto, line: "You are late! The water is high already."}
          - {who: nora, line: Then we must hurry.}
  - place: the old harbour
    time: at dawn
    shots:
      - size: wide
        characters: [{id: otto, action: waves hello}, {id: nora, action: waves hello}]
        transition: fade
        dialogue: [{who: otto, line: "Good morning, old boat."}]
"""


def spoken() -> Workflow:
    note = """# A spoken film
*Lines To Speak* runs the nodes between *Line In* and *Line Out* once for each line of the script. Here *Empty Audio*
stands there: it is silent as long as the line should take, so the film has its lengths and subtitles. **Put your TTS
node in its place**: text, language and the voice of *Line In* into it, its AUDIO into *Line Out*.

- shots with `seconds: auto` are as long as their lines; a line that does not fit is refused with the missing seconds
- a line is said once; other words, another voice or other nodes say it anew
- `voice: {reference: mara.wav}` at a character is what *Line In* gives as voice
- *Film Papers* ends the film with its credits and can sign it"""
    saying = [
        Node("in", md("LineIn")),
        Node("tts", "EmptyAudio", duration=Out("in", "seconds"), sample_rate=44100, channels=2),
        Node("out", md("LineOut"), audio=Out("tts")),
        Node("speak", md("LinesToSpeak"), ["script", "out"]),
    ]
    script = Node("script", md("EditScript"), text=SPOKEN, name="night_boat.yaml", tall=200)
    cast = Node("cast", md("MakeCast"), ["speak", "bundle"])
    return Workflow(
        "21_a_spoken_film",
        [
            [
                Group("Read me", [Note(note, 330)], ORANGE),
                Group("What the film says of itself", [Node("papers", md("FilmPapers"))], PURPLE),
            ],
            [Group("Script", [script, Node("bundle", md("LoadBundle"), bundle="mini")])],
            [Group("What says a line", saying, ORANGE)],
            [Group("Plan and keyframes", [cast, *planned("bundle").parts], GREEN)],
            [  # the film above: below it, the minimap would lie over it
                Group("Film", [Node("film", md("CombineFilm"), ["clips", "papers"], tall=160)], PURPLE),
                Group("Clips", [Node("clips", md("AnimateKeyframes"), ["frames", "bundle"])], PURPLE),
            ],
        ],
        (4, 8),
    )


BODIES = (
    text_to_image, references, image_to_video, three_engines, sdxl, klein, ltx, first_and_last, minimax, partner, spoken
)  # fmt: skip
