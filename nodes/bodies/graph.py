"""An artist's graph between Shot In and Shot Out: find it, name it, copy it for one shot. Plain JSON in and out.

A prompt is {id: {"class_type", "inputs"}}; a link is [id, slot]. The *body* are the nodes that hang on Shot In and lead
to Shot Out, noise that leads there (RandomNoise), and output nodes that hang on them (previews, savers). What leads
into it from outside (loaders, LoRAs, whatever does not depend on the shot) stays where it is and is linked. Nothing
here knows ComfyUI.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ...moviedreamer_core.errors import MovieDreamerError
from ...moviedreamer_core.store.keys import canonical_json

Prompt = Mapping[str, Mapping[str, Any]]
Graph = dict[str, dict[str, Any]]
SEEDS = ("seed", "noise_seed")
"""Inputs that get the shot's seed where they are not linked."""


@dataclass(frozen=True)
class Body:
    """Ids: Shot Out; the Shot Ins that it hangs on; the nodes between; output nodes that hang on them; and the slots of
    Shot In that are wired to any of these.
    """

    out: str
    ins: tuple[str, ...]
    inner: tuple[str, ...]
    leaves: tuple[str, ...]
    slots: frozenset[int]
    own_seed: bool


def is_link(value: object) -> bool:
    """Whether an input's value is a link, by ComfyUI's own rule."""
    return (
        isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], int | float)
    )


def links(prompt: Prompt, node: str) -> Iterator[tuple[str, str, int]]:
    """(input, source node, its slot) of every link into a node, by the inputs' names."""
    for name, value in sorted(prompt[node]["inputs"].items()):
        if is_link(value):
            yield name, value[0], value[1]


def upstream(prompt: Prompt, start: str) -> list[str]:
    """A node and all its ancestors, in an order that other ids do not change."""
    seen, order, stack = {start}, [], [start]
    while stack:
        at = stack.pop()
        order.append(at)
        for _, source, _ in reversed(list(links(prompt, at))):
            if source not in seen:
                seen.add(source)
                stack.append(source)
    return order


def find_body(prompt: Prompt, out: str, shot_in: str, output_types: Collection[str]) -> Body:
    """The body that ends in the Shot Out `out`. Raises MovieDreamerError if no Shot In leads to it."""
    above = upstream(prompt, out)
    ins = tuple(node for node in above if prompt[node]["class_type"] == shot_in)
    if not ins:
        line = "Line" in shot_in
        raise MovieDreamerError(
            "no Line In leads to this Line Out, so every line would sound the same: wire at least the text of a Line "
            "In into the nodes that lead here"
            if line
            else "no Shot In leads to this Shot Out, so every shot would get the same picture: wire at least the "
            "prompt or the keyframe of a Shot In into the nodes that lead here"
        )
    below = _downstream(prompt, ins) | {node for node in above if _is_noise(prompt, node)}
    inner = tuple(node for node in above if node in below and node not in ins and node != out)
    known = {*inner, *ins}
    leaves = sorted(
        node
        for node in below - {out}
        if prompt[node]["class_type"] in output_types and {source for _, source, _ in links(prompt, node)} <= known
    )
    members = (*inner, *leaves, out)
    slots = frozenset(slot for node in members for _, source, slot in links(prompt, node) if source in ins)
    own_seed = any(name in SEEDS and not is_link(v) for node in inner for name, v in prompt[node]["inputs"].items())
    return Body(out, ins, inner, tuple(leaves), slots, own_seed)


def fingerprint(prompt: Prompt, out: str, content_of: Callable[[str, str, Any], str | None]) -> str:
    """SHA-256 over everything above Shot Out, whatever the ids are: kinds, values, links, contents of named files.

    Seeds that are not linked do not count: every shot has its own. `content_of(class_type, input, value)` is the hash
    of the file that a value names, None if it names none.
    """
    order = upstream(prompt, out)
    number = {node: k for k, node in enumerate(order)}
    rows = []
    for node in order:
        kind, values = str(prompt[node]["class_type"]), {}
        for name, value in sorted(prompt[node]["inputs"].items()):
            if is_link(value):
                values[name] = ["link", number[value[0]], value[1]]
            elif name in SEEDS:
                values[name] = ["the shot's"]
            else:
                content = content_of(kind, name, value)
                # A file counts by what is in it: the same weights may be called otherwise elsewhere.
                values[name] = ["value", value] if content is None else ["file", content]
        rows.append([kind, values])
    return sha256(canonical_json(rows).encode()).hexdigest()


def copy_body(
    prompt: Prompt,
    body: Body,
    prefix: str,
    *,
    inputs_of_in: Mapping[str, Mapping[str, Any]],
    seed: int,
    missing: Collection[int],
    required: Callable[[str], Collection[str]],
    edge: Callable[[str, int], list[Any]],
) -> tuple[Graph, dict[str, Any]]:
    """Copies of a body's nodes for one shot, and what then leads into Shot Out (its inputs).

    `inputs_of_in`: for each Shot In the {"class_type", "inputs"} of the node that stands for it. `missing` are slots of
    Shot In for which this shot has nothing (a second reference, an earlier picture): an optional input that needs one
    is left out, a node whose required input needs one is left out itself, and so on. `edge` gives the link to use for
    one that comes from outside. Copies are shown on the artist's own nodes.
    """
    members = (*body.inner, *body.leaves)
    gone = _without(prompt, body, missing, required)

    def moved(value: Any) -> Any:
        if not is_link(value):
            return value
        if value[0] in body.ins or value[0] in body.inner:
            return [prefix + value[0], value[1]]
        return edge(value[0], value[1])

    def inputs_for(node: str) -> dict[str, Any]:
        inputs = prompt[node]["inputs"]
        kept = {name: value for name, value in inputs.items() if not _absent(value, body, missing, gone)}
        seeded = {name: seed for name, value in kept.items() if name in SEEDS and not is_link(value)}
        return {name: moved(value) for name, value in {**kept, **seeded}.items()}

    graph: Graph = {}
    for node in body.ins:
        stands = inputs_of_in[node]
        inputs = {name: moved(value) for name, value in stands["inputs"].items()}
        graph[prefix + node] = {"class_type": stands["class_type"], "inputs": inputs, "override_display_id": node}
    for node in members:
        if node not in gone:
            kind = prompt[node]["class_type"]
            graph[prefix + node] = {"class_type": kind, "inputs": inputs_for(node), "override_display_id": node}
    into = prompt[body.out]["inputs"]
    return graph, {n: moved(v) for n, v in into.items() if not _absent(v, body, missing, gone)}


def _is_noise(prompt: Prompt, node: str) -> bool:
    """Whether a node is nothing but a seed (RandomNoise): it hangs on no Shot In, and every shot needs its own."""
    inputs = prompt[node]["inputs"]
    return any(name in SEEDS for name in inputs) and not any(is_link(value) for value in inputs.values())


def leads_out(
    prompt: Prompt, body: Body, name: str, missing: Collection[int], required: Callable[[str], Collection[str]]
) -> bool:
    """Whether anything is left that leads into input `name` of Shot Out for a shot that lacks these slots."""
    return not _absent(prompt[body.out]["inputs"].get(name), body, missing, _without(prompt, body, missing, required))


def _downstream(prompt: Prompt, starts: tuple[str, ...]) -> set[str]:
    users: dict[str, set[str]] = {}
    for node in prompt:
        for _, source, _ in links(prompt, node):
            users.setdefault(source, set()).add(node)
    below, stack = set(starts), list(starts)
    while stack:
        for user in users.get(stack.pop(), ()):
            if user not in below:
                below.add(user)
                stack.append(user)
    return below - set(starts)


def _without(
    prompt: Prompt, body: Body, missing: Collection[int], required: Callable[[str], Collection[str]]
) -> set[str]:
    """The nodes that cannot run for this shot."""
    gone: set[str] = set()
    changed = bool(missing)
    while changed:
        changed = False
        for node in (*body.inner, *body.leaves):
            if node in gone:
                continue
            needed = required(prompt[node]["class_type"])
            if any(_absent(v, body, missing, gone) and n in needed for n, v in prompt[node]["inputs"].items()):
                gone.add(node)
                changed = True
    return gone


def _absent(value: Any, body: Body, missing: Collection[int], gone: Collection[str]) -> bool:
    return is_link(value) and (value[0] in gone or (value[0] in body.ins and value[1] in missing))
