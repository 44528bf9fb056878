"""A planned script as the nodes hand it on, with a tiny bundle: what the node tests of later stages begin with."""

from conftest import SCRIPT


def tiny_plan(pack, tiny_bundle, *, script: str = SCRIPT, **settings):
    """(ScriptPlan, opened bundle) of the small script, everything from the pack's own modules."""
    types, host = pack.module("nodes.types"), pack.module("nodes.host")
    core = "moviedreamer_core"
    parse = pack.module(f"{core}.script").parse_script
    faceless = pack.module(f"{core}.film.film_cast").faceless
    make_plan = pack.module(f"{core}.film.planning").make_plan
    film_settings = pack.module(f"{core}.film.settings").FilmSettings(**settings)
    bundle = host.opened(tiny_bundle)
    source = types.ScriptSource(parse(script), pack.host.base)
    session = host.make_session(source, bundle, film_settings)
    cast = faceless(session.script)
    return types.ScriptPlan(source, cast, make_plan(session, cast), bundle, film_settings), bundle


def decoder(pack, bundle, name: str = "paper"):
    """A DecoderHandle."""
    builtin = pack.module("moviedreamer_core.builtin")
    return pack.module("nodes.types").DecoderHandle(bundle, builtin.DECODERS.find(name))


def animator(pack, bundle, name: str = "panzoom"):
    """An AnimatorHandle."""
    builtin = pack.module("moviedreamer_core.builtin")
    return pack.module("nodes.types").AnimatorHandle(bundle, builtin.ANIMATORS.find(name))


def fresh(results) -> list[str]:
    """Ids of the shots whose files were made just now."""
    return list(dict.fromkeys(each.shot.id for each in results if each.fresh))
