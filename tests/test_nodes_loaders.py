"""The loaders, in a stand-in for ComfyUI."""

import os
import shutil

import pytest


@pytest.fixture
def tiny(pack, tiny_bundle):
    """A tiny bundle under models/moviedreamer of this test's ComfyUI."""
    return shutil.copytree(tiny_bundle, pack.host.base / "models/moviedreamer/tiny")


def options(pack, node, name):
    """A combo's list."""
    return pack.node(node).GET_NODE_INFO_V1()["input"]["required"][name][1]["options"]


def test_packaged_bundles_and_those_of_the_model_folders_are_listed(pack, tiny):
    for node in ("Bundle", "Tokenizer", "Planner", "Decoder", "Animator"):
        assert options(pack, f"MovieDreamerLoad{node}", "bundle") == ["mini", "tiny"]
    assert options(pack, "MovieDreamerLoadDecoder", "decoder")[:2] == ["paper", "ink"]
    assert options(pack, "MovieDreamerLoadAnimator", "animator")[:2] == ["svd", "panzoom"]


def test_load_bundle_gives_every_stage_without_loading_one(pack):
    pack.module("nodes.host")._bundles.clear()
    tokenizer, planner, decoder, animator, faces = pack.run("MovieDreamerLoadBundle", bundle="mini").args
    assert tokenizer is planner is faces is decoder.bundle is animator.bundle
    assert (decoder.maker.name, animator.maker.name) == ("paper", "svd")
    assert not faces._loaded and not pack.host.loaded


def test_single_loaders_give_one_stage(pack, tiny):
    assert pack.run("MovieDreamerLoadTokenizer", bundle="tiny").args[0].folder == tiny.resolve()
    assert pack.run("MovieDreamerLoadPlanner", bundle="tiny").args[0].info.name == "tiny"
    assert pack.run("MovieDreamerLoadDecoder", bundle="tiny", decoder="ink").args[0].maker.name == "ink"
    assert pack.run("MovieDreamerLoadAnimator", bundle="tiny", animator="panzoom").args[0].maker.name == "panzoom"


@pytest.mark.parametrize(
    "node, inputs, part",
    [
        ("Bundle", {}, "faces"),
        ("Tokenizer", {}, "tokenizer"),
        ("Planner", {}, "text"),
        ("Decoder", {"decoder": "ink"}, "decoder_ink"),
        ("Animator", {"animator": "svd"}, "animator"),
    ],
)
def test_a_missing_part_is_refused_by_its_loader(pack, tiny, node, inputs, part):
    shutil.rmtree(tiny / part, ignore_errors=True)
    with pytest.raises(Exception, match=f"bundle 'tiny' has no part '{part}'"):
        pack.run(f"MovieDreamerLoad{node}", bundle="tiny", **inputs)


@pytest.mark.parametrize("name", ["gone", "../moviedreamer/tiny", "/etc"])
def test_only_listed_bundles_are_opened(pack, tiny, name):
    with pytest.raises(ValueError, match="no bundle is called .*there are mini, tiny"):
        pack.run("MovieDreamerLoadPlanner", bundle=name)


def test_unknown_decoders_are_refused_with_the_list(pack):
    with pytest.raises(ValueError, match="decoder = 'papr' not in .*'paper'"):
        pack.run("MovieDreamerLoadDecoder", bundle="mini", decoder="papr")


def test_new_weights_under_an_old_name_are_another_bundle(pack, tiny):
    """What was loaded before must not render under the name of the new weights."""
    load = pack.node("MovieDreamerLoadPlanner")
    first, stamp = pack.run(load, bundle="tiny").args[0], load.fingerprint_inputs(bundle="tiny")
    assert pack.run(load, bundle="tiny").args[0] is first and load.fingerprint_inputs(bundle="tiny") == stamp
    os.utime(tiny / "planner" / "config.json", (1, 1))
    assert pack.run(load, bundle="tiny").args[0] is not first
    assert load.fingerprint_inputs(bundle="tiny") != stamp


def test_face_packs_of_bundles_and_folders_are_listed_and_stand_for_faces(pack, tiny):
    mini = pack.module("moviedreamer_core.bundle").PACKAGED / "mini" / "faces"
    models = pack.host.base / "models"
    own = shutil.copytree(mini, models / "moviedreamer/faces/mine")
    shutil.copytree(mini, models / "insightface/models/antelopev2")
    (models / "insightface/models/empty").mkdir()
    assert options(pack, "MovieDreamerLoadFaces", "faces") == ["mini", "faces/mine", "insightface/antelopev2"]
    packaged = pack.run("MovieDreamerLoadFaces", faces="mini").args[0]
    faces = pack.run("MovieDreamerLoadFaces", faces="faces/mine").args[0]
    assert faces.path("faces") == own.resolve() and faces.fingerprint("faces") == packaged.fingerprint("faces")
    with pytest.raises(ValueError, match="no face pack is called 'faces/gone'"):
        pack.run("MovieDreamerLoadFaces", faces="faces/gone")


def test_the_host_carries_the_networks_of_what_is_loaded(pack, tiny):
    bundle = pack.run("MovieDreamerLoadPlanner", bundle="tiny").args[0]
    load_planner = pack.module("moviedreamer_core.planner").load_planner
    planner = load_planner(bundle)
    assert [patcher.model.network for patcher in pack.host.loaded] == [planner]
    assert load_planner(bundle) is planner and len(pack.host.loaded) == 2  # asked for again: brought again
    assert pack.host.loaded[0] is pack.host.loaded[1]
