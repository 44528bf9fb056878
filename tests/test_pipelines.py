"""Pipelines of diffusers from local folders as decoders and animators: real classes with tiny random weights."""

import gc
import json
import time
from contextlib import contextmanager

import pytest
import torch
import transformers
from conftest import SCRIPT
from tiny_pipelines import build_pipeline, write_face_adapter
from torch.nn.modules.module import register_module_forward_hook

from moviedreamer_core.builtin import ANIMATORS, DECODERS
from moviedreamer_core.bundle import Bundle
from moviedreamer_core.cli.app import run
from moviedreamer_core.contract import check_animator, check_decoder
from moviedreamer_core.errors import MovieDreamerError
from moviedreamer_core.film.keys import keyframe_inputs
from moviedreamer_core.film.session import FilmSession
from moviedreamer_core.media.clips import clip_info
from moviedreamer_core.requests import ClipRequest, KeyframeRequest, Reference, ShotWords
from moviedreamer_core.script import Route, parse_script
from moviedreamer_core.script.portraits import portrait_path
from moviedreamer_core.store import Store

WORDS = "a woman waves in a harbour"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Family -> its folder, built once."""
    made, home = {}, tmp_path_factory.mktemp("pipelines")
    return lambda family: made.get(family) or made.setdefault(family, build_pipeline(family, home / family))


@pytest.fixture(scope="module")
def bundle(tiny_bundle):
    return Bundle.open(tiny_bundle)


@pytest.fixture(autouse=True)
def small_references(monkeypatch):
    """Qwen's pipeline looks at every reference at a million pixels, whatever the weights: its module's constants."""
    from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as module

    monkeypatch.setattr(module, "VAE_IMAGE_SIZE", 64 * 64)
    monkeypatch.setattr(module, "CONDITION_IMAGE_SIZE", 56 * 56)


@pytest.mark.parametrize("family", ["sdxl", "flux2", "qwen"])
def test_decoders_keep_the_contract(family, folder, bundle):
    check_decoder(DECODERS.find(f"{family}:{folder(family)}@64x32"), bundle)


@pytest.mark.parametrize("family", ["wan", "ltx", "svd"])
def test_animators_keep_the_contract(family, folder, bundle):
    check_animator(ANIMATORS.find(f"{family}:{folder(family)}@64x32"), bundle)


@pytest.mark.parametrize("family", ["sdxl", "flux2"])
def test_words_and_references_change_the_picture(family, folder, bundle, tmp_path):
    factory = DECODERS.find(f"{family}:{folder(family)}@64x32")
    decoder, reference = factory.load(bundle), Reference("person", "mara", portrait_path("mara"), "mara")

    def draw(sentence, *references):
        request = KeyframeRequest(torch.zeros(0), sentence=sentence, size=(64, 32), seed=3, references=references)
        return decoder.decode(request)

    assert not torch.equal(draw(WORDS), draw("an empty library"))
    reads = factory.capabilities(bundle).references > 0
    assert torch.equal(draw(WORDS), draw(WORDS, reference)) is not reads, "it reads what it says that it reads"


def test_a_face_reaches_sdxl_through_the_adapter(folder, tmp_path):
    mini = Bundle.open("mini")
    home = build_pipeline("sdxl", tmp_path / "sdxl")
    width = 128
    write_face_adapter(home, width)
    factory = DECODERS.find(f"sdxl:{home}@64x32")
    assert factory.capabilities(mini).references == 1 and factory.parts == ("faces",)
    decoder = factory.load(mini)
    pictures = [
        decoder.decode(KeyframeRequest(torch.zeros(0), sentence=WORDS, size=(64, 32), seed=3, references=references))
        for references in (
            (),
            (Reference("person", "mara", portrait_path("mara"), "m"),),
            (Reference("person", "tom", portrait_path("tom"), "t"),),
        )
    ]
    assert not torch.equal(pictures[0], pictures[1]) and not torch.equal(pictures[1], pictures[2])
    assert decoder.fingerprint == factory.fingerprint(mini) != DECODERS.find(f"sdxl:{folder('sdxl')}").fingerprint(mini)


def test_wan_arrives_at_the_next_keyframe_and_frames_are_rounded_up_and_cut(folder, bundle):
    animator = ANIMATORS.find(f"wan:{folder('wan')}").load(bundle)
    keyframe, other = torch.rand(2, 3, 40, 72, generator=torch.Generator().manual_seed(0))
    clips = [
        animator.animate(ClipRequest(keyframe, 6, 8, prompt="waves", next_keyframe=following, seed=3))
        for following in (None, other)
    ]
    assert clips[0].shape == (6, 3, 40, 72), "the keyframe's size, though it draws multiples of 16"
    assert not torch.equal(*clips)
    ltx = ANIMATORS.find(f"ltx:{folder('ltx')}").load(bundle)
    assert len(ltx.animate(ClipRequest(keyframe, 4, 8, prompt="waves", seed=3))) == 4


def test_a_film_by_folders_and_where_they_lie_decides_nothing(folder, bundle, tiny_bundle, tmp_path, capsys):
    script = tmp_path / "script.yaml"
    script.write_text(SCRIPT.replace("animator: panzoom", "").replace("decoder: ink", ""))
    sdxl, moved = folder("sdxl"), tmp_path / "elsewhere"
    asked = ["film", str(script), "--bundle", str(tiny_bundle), "--store", str(tmp_path / "store"), "--quiet"]
    asked += ["--threads", "1", "-o", str(tmp_path / "film.mp4"), "--animator", "panzoom"]
    with ran() as networks:
        assert run([*asked, "--decoder", f"sdxl:{sdxl}@96x48"]) == 0
    first = networks.index("UNet2DConditionModel")
    assert "CLIPTextModel" in networks[:first] and "CLIPTextModel" not in networks[first:], "the film is read at once"
    info = clip_info(tmp_path / "film.mp4")
    assert (info.width, info.height) == (96, 48), "the film has the size of its decoder's pictures"
    moved.symlink_to(sdxl)
    assert run([*asked, "--decoder", f"sdxl:{moved}@96x48"]) == 0
    assert "0 of 6 keyframes, 0 of 5 clips made in this run" in capsys.readouterr().out
    session = FilmSession(parse_script(SCRIPT), bundle, Store(tmp_path / "store"))
    routed = FilmSession(
        session.script, bundle, session.store,
        settings=type(session.settings)(routes=(Route(f"sdxl:{sdxl}@96x48"),)),
    )  # fmt: skip
    inputs = keyframe_inputs(routed, routed.shots[0], 0, "tokens", {})
    assert inputs["decoder"][0] == "sdxl" and set(inputs["values"]) == {"sentence", "size", "steps", "guidance", "seed"}
    assert not {"references", "earlier", "tokens", "faces"} & set(inputs)


@pytest.mark.parametrize("family", ["sdxl", "flux2", "wan", "ltx"])
def test_text_encoders_run_once_for_a_film_and_leave(family, folder, bundle):
    """And what they made stands for the words, to the last bit."""
    home = folder(family)
    kind = getattr(transformers, json.loads((home / "model_index.json").read_text())["text_encoder"][1])
    fresh, makers = Bundle(bundle.folder, bundle.info), ANIMATORS if family in ("wan", "ltx") else DECODERS
    maker, others = makers.find(f"{family}:{home}@64x32").load(fresh), encoders(kind)

    def made(words):
        if makers is ANIMATORS:
            return maker.animate(ClipRequest(torch.ones(3, 32, 64), 2, 8, prompt=words, sentence=words, seed=3))
        return maker.decode(KeyframeRequest(torch.zeros(0), sentence=words, size=(64, 32), seed=3))

    unread = made(WORDS)
    assert encoders(kind) > others, "nobody said what comes: it stays"
    maker.read_ahead([ShotWords(said, said) for said in (WORDS, "an empty library", WORDS)])
    assert encoders(kind) == others
    assert torch.equal(made(WORDS), unread) and not torch.equal(made("an empty library"), unread)
    assert encoders(kind) == others, "all was read"


@contextmanager
def ran():
    """The names of the networks that run, in their order."""
    names = []
    hook = register_module_forward_hook(lambda module, *_: names.append(type(module).__name__))
    try:
        yield names
    finally:
        hook.remove()


def encoders(kind):
    """How many networks of a kind are in memory."""
    return sum(type(each) is kind for each in gc.get_objects())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sdxl:nowhere", "sdxl:nowhere: no folder of diffusers"),
        ("flux2:{sdxl}", "this is a StableDiffusionXLPipeline; flux2 takes Flux2KleinPipeline or Flux2Pipeline"),
        ("sdxl:{sdxl}@63x32", "sides of 63x32; expected multiples of 8"),
        ("sdlx:{sdxl}", "no decoder is called .*and of a folder sdxl:FOLDER, flux2:FOLDER, qwen:FOLDER"),
    ],
)
def test_a_folder_that_is_none_of_its_kind_is_refused(name, message, folder):
    with pytest.raises(MovieDreamerError, match=message):
        DECODERS.find(name.format(sdxl=folder("sdxl")))


def test_a_setting_that_the_pipeline_does_not_have_is_refused(bundle, tmp_path):
    home = build_pipeline("sdxl", tmp_path / "sdxl")
    before = DECODERS.find(f"sdxl:{home}").fingerprint(bundle)
    (home / "moviedreamer.json").write_text(json.dumps({"steps": 4}))
    factory = type(DECODERS)(DECODERS.kind, DECODERS.group, [], DECODERS.places).find(f"sdxl:{home}")
    assert factory.fingerprint(bundle) != before
    with pytest.raises(MovieDreamerError, match="has no argument steps; it has .*num_inference_steps"):
        factory.load(bundle)


def test_files_of_models_are_hashed_by_the_memory_of_the_store(folder, tiny_bundle, tmp_path):
    """A file of gigabytes takes seconds to read; one that did not change since the last run is not read again."""
    sdxl, own = folder("sdxl"), Bundle.open(tiny_bundle)
    plain = DECODERS.find(f"sdxl:{sdxl}").fingerprint(own), own.fingerprint("vae")
    settled = 2.1 + max(file.stat().st_ctime for place in (sdxl, own.folder) for file in place.rglob("*"))
    time.sleep(max(0.0, settled - time.time()))  # what changed just now could change again with the same time
    bundle = FilmSession(parse_script(SCRIPT), Bundle.open(tiny_bundle), Store(tmp_path)).bundle
    anew = type(DECODERS)(DECODERS.kind, DECODERS.group, [], DECODERS.places).find(f"sdxl:{sdxl}")
    assert (anew.fingerprint(bundle), bundle.fingerprint("vae")) == plain
    known = json.loads((tmp_path / "hashes.json").read_text())
    assert {str(sdxl / "unet" / "config.json"), str(own.folder / "vae" / "config.json")} <= set(known)
