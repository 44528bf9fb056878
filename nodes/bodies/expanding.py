"""The nodes that are added for the shots that are missing: one small node a shot, run one after another.

A tree of nodes whose lazy inputs are asked for one after another makes the order certain, and is flat: a chain would
meet Python's recursion limit at about 1200 shots, and what ComfyUI does for each node is a third of what a shot costs.
Each shot's node copies its body when its turn comes, so no picture is asked for before those that it is shown exist.
"""

import logging
from typing import Any

from ...moviedreamer_core.errors import MovieDreamerError
from .. import host
from .._comfy import io
from .files import output_types, required_inputs
from .graph import Body, Graph, copy_body, is_link
from .makers import SHOT_IN, BodyMaker
from .memory import MEMORY
from .runs import Run, Unit

SHOT, ORDER, END, HOLD = "MovieDreamerBodyShot", "MovieDreamerBodyOrder", "MovieDreamerBodyEnd", "MovieDreamerBodyHold"
MOST_IN_ORDER = 16
log = logging.getLogger(__name__)


def begin(run: Run, node: str, outputs: int = 1) -> io.NodeOutput:
    """Do a node's work, as far as it comes without bodies; for the rest nodes are added, at whose end it gives its
    `outputs`. `node` is the id of the node on the page.
    """
    prompt = prompt_id()
    MEMORY.begin(prompt)
    return go_on(run, f"{prompt}/{node}", outputs)


def go_on(run: Run, ticket: str, outputs: int) -> io.NodeOutput:
    """Go on with the work; `ticket` names it."""
    missing = run.attempt()
    if missing is None:
        MEMORY.finish(ticket)
        return run.result()
    MEMORY.runs[ticket] = run
    graph = _Adding(ticket)
    shots = [graph.add(SHOT, f"shot{n}", ticket=ticket, unit=unit) for n, unit in enumerate(run.waiting(missing))]
    end = graph.add(END, "end", ticket=ticket, outputs=outputs, after=graph.tree(shots))
    return io.NodeOutput(*([end[0], n] for n in range(outputs)), expand=graph.nodes)


def expand_shot(prompt: Any, ticket: str, unit: Unit) -> io.NodeOutput:
    """The copies of a body for one shot or line; nothing if it is there already. `prompt` is the artist's graph."""
    run = MEMORY.run(ticket)
    missing = run.attempt(unit)
    if missing is None:
        return io.NodeOutput(unit)
    request, maker = missing.request, missing.body
    out, name = maker.out, maker.name(request)
    if out not in prompt:
        raise MovieDreamerError("the nodes of this decoder, animator or speaker left the workflow: press Run again")
    body = MEMORY.body(prompt, out, maker.begins, output_types)
    MEMORY.ask(name, request)
    log.info("MovieDreamer: %s by the nodes that lead to node %s", maker.label(request), out)
    host.tell_page("body", {"shot": missing.unit.rpartition("/")[0] or missing.unit}, out)
    graph = _Adding(ticket)
    wired = ",".join(str(slot) for slot in sorted(body.slots))
    stands = {
        node: {"class_type": maker.values, "inputs": {**prompt[node]["inputs"], "request": name, "wired": wired}}
        for node in body.ins
    }
    copies, into = copy_body(
        prompt, body, graph.prefix, inputs_of_in=stands, seed=request.seed % 2**63, missing=maker.missing(request),
        required=required_inputs, edge=graph.held,
    )  # fmt: skip
    graph.nodes.update(copies)
    if maker.main not in into:
        raise MovieDreamerError(f"{maker.label(request)}: {nothing_left()}")
    kept = _kept(prompt, body, maker, graph, into)
    keep = graph.add(maker.keep, "keep", shown=out, ticket=ticket, unit=unit, request=name, **kept)
    return io.NodeOutput(keep, expand=graph.nodes)


def _kept(prompt: Any, body: Body, maker: BodyMaker, graph: "_Adding", into: dict[str, Any]) -> dict[str, Any]:
    """What leads into the node that keeps a result."""
    sound = {"audio": into["audio"]} if "audio" in into else {}
    if maker.begins != SHOT_IN:
        return sound
    rate = into.get("fps")
    if not rate:  # Shot In says at which rate its model works
        rate = prompt[body.ins[0]]["inputs"].get("fps", 0.0)
        rate = graph.held(*rate) if is_link(rate) else rate
    return {"pictures": into[maker.main], "fps": rate, **sound}


def prompt_id() -> str:
    """The id of the prompt that runs."""
    from comfy_execution.utils import get_executing_context

    context = get_executing_context()
    return context.prompt_id if context is not None else ""


def forget_progress() -> None:
    """Take finished copies out of ComfyUI's progress state, which is sent whole at every step of every node: with 300
    shots each message would have 390 kB.
    """
    from comfy_execution.progress import NodeState, get_progress_state

    state = get_progress_state()
    for node, entry in list(state.nodes.items()):
        if entry["state"] == NodeState.Finished and state.dynprompt.get_parent_node_id(node) is not None:
            del state.nodes[node]


def nothing_left() -> str:
    """Why a body cannot make a shot for which nothing leads to Shot Out."""
    return (
        "the nodes before Shot Out need a picture that this shot does not have (a further person's reference, an "
        "earlier keyframe, a last keyframe) or a voice, so nothing leads to Shot Out. Wire it into an input that is "
        "optional, or give this shot another decoder or animator by a route"
    )


class _Adding:
    """Nodes to add, all shown on the artist's node that the ticket names unless said otherwise."""

    def __init__(self, ticket: str) -> None:
        from comfy_execution.graph_utils import GraphBuilder

        self.prefix = GraphBuilder.alloc_prefix()
        self.on = ticket.rpartition("/")[2]
        self.nodes: Graph = {}

    def add(self, kind: str, called: str, /, *, shown: str = "", **inputs: Any) -> list[Any]:
        """Add a node; the link to its first output."""
        self.nodes[self.prefix + called] = {
            "class_type": kind, "inputs": inputs, "override_display_id": shown or self.on
        }  # fmt: skip
        return [self.prefix + called, 0]

    def tree(self, links: list[list[Any]]) -> list[Any]:
        """One link that stands for all of them, in order."""
        while len(links) > 1:
            parts = [links[n : n + MOST_IN_ORDER] for n in range(0, len(links), MOST_IN_ORDER)]
            links = [self._in_order(part) if len(part) > 1 else part[0] for part in parts]
        return links[0]

    def _in_order(self, links: list[list[Any]]) -> list[Any]:
        steps: dict[str, Any] = {f"step_{n}": link for n, link in enumerate(links)}
        return self.add(ORDER, f"order{len(self.nodes)}", **steps)

    def held(self, source: str, slot: int) -> list[Any]:
        """A value from outside a body, by a node that remembers it: with --cache-none its maker would run again for
        every shot.
        """
        return self.add(HOLD, f"hold-{source}-{slot}", value=[source, slot], name=f"{source}-{slot}")
