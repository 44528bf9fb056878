"""How a workflow is written: from a short description to the page's file (format 0.4) and its API twin.

A description is groups of nodes, each a class, its widgets by name and its wires (`Out`). Order and defaults of the
widgets come from a recorded /object_info, so a description never counts widgets.
"""

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WIDGETS = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"}
WIDTH, GAP, TOP, MARGIN = 300, 16, 60, 10
TITLE = 30
"""Pixels of a node's title, which lies above its position."""
NOTE = 90
"""Pixels by which a note is wider than a node."""
HIDDEN = {
    ("MovieDreamerLoadScript", "embedded"), ("MovieDreamerPlanFilm", "takes"), ("MovieDreamerPlanFilm", "direction"),
}  # fmt: skip
"""Widgets that our page takes off their node."""
PANELS = {
    "MovieDreamerLoadScript": 196, "MovieDreamerPlanFilm": 102, "MovieDreamerDecodeKeyframes": 118,
    "MovieDreamerAnimateKeyframes": 118, "MovieDreamerScriptInfo": 250,
}  # fmt: skip
"""Pixels of what web/js adds to a node: its panel, on Load Script two buttons, on Plan Film the storyboard's line."""
UNFOLD = 30
"""Pixels of the button that Nodes 2.0 shows in the place of widgets that it folds away."""
NOTE_COLOURS = {"color": "#432", "bgcolor": "#653"}


@dataclass(frozen=True)
class Out:
    """An output of another node: the one of this name, or the first one of the input's type."""

    node: str
    output: str | None = None


class Node:
    """A node of a workflow: Node("plan", "MovieDreamerPlanFilm", ["bundle", "cast"], seed=7).

    `after` are keys of other nodes: each socket without a wire of its own (`Out`) takes the first output of its very
    type among them. `models` are the files that it wants, as the page's "missing models" reads them.
    """

    def __init__(
        self, key: str, kind: str, after: Sequence[str] = (), *, title: str | None = None, tall: int = 0,
        wide: int = 0, collapsed: bool = False, models: Sequence[dict[str, str]] = (), **inputs: object,
    ) -> None:  # fmt: skip
        self.key, self.kind, self.after, self.title, self.tall, self.inputs = key, kind, after, title, tall, inputs
        self.wide, self.collapsed, self.models = wide, collapsed, list(models)


@dataclass(frozen=True)
class Note:
    """A note in the graph, in Markdown. `height` in pixels."""

    text: str
    height: int = 260


@dataclass(frozen=True)
class Group:
    """Nodes and notes below each other, in a frame with a title."""

    title: str
    parts: list[Node | Note]
    colour: str = "#3f789e"


@dataclass(frozen=True)
class Workflow:
    """One file of workflows/: columns from left to right, each of groups below each other; `width` of a node in pixels.

    The page opens a template with three quarters of its window filled: what is 1820 wide and 1010 high opens at 65 %.
    """

    name: str
    columns: list[list[Group]]
    pictures: tuple[int, int] = (0, 1)
    width: int = WIDTH

    @property
    def groups(self) -> list[Group]:
        """All groups, column by column."""
        return [group for column in self.columns for group in column]


@dataclass(frozen=True)
class Port:
    """One input of a node as /object_info describes it."""

    name: str
    io_type: str
    options: dict
    choices: list | None
    optional: bool
    grown: bool = False

    @property
    def is_widget(self) -> bool:
        """Whether the page draws a widget for it."""
        return (self.io_type in WIDGETS or "widgetType" in self.options) and not self.options.get("forceInput")

    @property
    def extra_values(self) -> list:
        """What stands behind its value in widgets_values: the seed's control, an upload button."""
        wants = self.options.get("control_after_generate")
        if wants is None and self.io_type == "INT" and self.name in ("seed", "noise_seed"):
            wants = True
        if wants:
            return ["fixed"]
        return ["image"] if self.options.get("image_upload") else []

    @property
    def default(self) -> object:
        """What the page fills in."""
        first = self.choices[0] if self.choices else None
        return self.options.get(
            "default", {"INT": 0, "FLOAT": 0.0, "STRING": "", "BOOLEAN": False}.get(self.io_type, first)
        )


def ports(info: dict) -> list[Port]:
    """A node's inputs in the page's order: required, then optional."""
    found = []
    for kind in ("required", "optional"):
        for name in info["input_order"].get(kind, []):
            io_type, *rest = info["input"][kind][name]
            options = rest[0] if rest else {}
            if io_type == "COMFY_AUTOGROW_V3":
                found += _grown(name, options["template"])
                continue
            choices = io_type if isinstance(io_type, list) else options.get("options")
            found.append(
                Port(name, "COMBO" if isinstance(io_type, list) else io_type, options, choices, kind == "optional")
            )
    return found


def _grown(name: str, template: dict) -> list[Port]:
    """The sockets of an input that grows: the page shows those that are wired."""
    (io_type, *rest), *_ = template["input"]["required"].values()
    names = [f"{name}.{template['prefix']}{number}" for number in range(template["max"])]
    return [Port(each, io_type, rest[0] if rest else {}, None, True, True) for each in names]


def slots(info: dict) -> list[Port]:
    """A node's inputs in the order of the page's slots: sockets, then widgets (which have a socket each, too)."""
    every = ports(info)
    return [p for p in every if not p.is_widget] + [p for p in every if p.is_widget and not p.options.get("socketless")]


class Writer:
    """Writes one workflow against an object_info. Raises ValueError for a name that no node has."""

    def __init__(self, workflow: Workflow, object_info: dict, version: str) -> None:
        self.workflow, self.object_info, self.version = workflow, object_info, version
        parts = [part for group in workflow.groups for part in group.parts]
        self.numbers = {id(part): number for number, part in enumerate(parts, 1)}
        self.nodes = {part.key: part for part in parts if isinstance(part, Node)}
        if len(self.nodes) != sum(isinstance(part, Node) for part in parts):
            raise ValueError(f"{workflow.name}: a key is there twice")
        for node in self.nodes.values():
            known = {port.name for port in ports(self.info(node))}
            if strangers := set(node.inputs) - known:
                raise ValueError(f"{workflow.name}: {node.kind} has no {sorted(strangers)}, it has {sorted(known)}")
            self._wire(node)

    def _wire(self, node: Node) -> None:
        """Wires for the sockets that the description leaves to the types; every key of `after` must be of use."""
        for port in ports(self.info(node)):
            if port.is_widget or port.name in node.inputs:
                continue
            for key in node.after:
                if port.io_type in self.info(self.nodes[key])["output"]:
                    node.inputs[port.name] = Out(key)
                    break
            else:
                if not port.optional:
                    raise ValueError(f"{self.workflow.name}: nothing in {node.after} for {node.kind}.{port.name}")
        used = {out.node for out in node.inputs.values() if isinstance(out, Out)}
        if idle := set(node.after) - used:
            raise ValueError(f"{self.workflow.name}: {node.kind} takes nothing of {sorted(idle)}")

    def info(self, node: Node) -> dict:
        """What /object_info says about a node's class."""
        if node.kind not in self.object_info:
            raise ValueError(f"{self.workflow.name}: no node class {node.kind} in object_info")
        return self.object_info[node.kind]

    def slots(self, node: Node) -> list[Port]:
        """The node's slots on the page."""
        return [port for port in slots(self.info(node)) if not port.grown or port.name in node.inputs]

    def title(self, node: Node) -> str:
        """The node's title."""
        return node.title or self.info(node)["display_name"] or node.kind

    def source(self, out: Out, port: Port) -> tuple[int, int, str]:
        """(node number, slot, type) of a wire's beginning."""
        node = self.nodes[out.node]
        info = self.info(node)
        for slot, (name, io_type) in enumerate(zip(info["output_name"], info["output"], strict=True)):
            if out.output == name or (out.output is None and accepts(port.io_type, io_type)):
                return self.numbers[id(node)], slot, io_type
        raise ValueError(
            f"{self.workflow.name}: {node.kind} has no output {out.output or port.io_type}: {info['output_name']}"
        )

    def api(self) -> dict:
        """The API twin: what the page sends for this workflow."""
        prompt = {}
        for node in self.nodes.values():
            values = {}
            for port in ports(self.info(node)):
                given = node.inputs.get(port.name)
                if isinstance(given, Out):
                    number, slot, _ = self.source(given, port)
                    values[port.name] = [str(number), slot]
                elif port.is_widget:
                    values[port.name] = node.inputs.get(port.name, port.default)
            prompt[str(self.numbers[id(node)])] = {
                "inputs": values, "class_type": node.kind, "_meta": {"title": self.title(node)}
            }  # fmt: skip
        return prompt

    def page(self) -> dict:
        """The page's format."""
        links = self._links()
        nodes, groups, x = [], [], 0
        for column in self.workflow.columns:
            parts = [part for group in column for part in group.parts]
            top, width = 0, self.workflow.width + max(NOTE if isinstance(part, Note) else part.wide for part in parts)
            for group in column:
                y = top + TOP
                for part in group.parts:
                    nodes.append(self._placed(part, links, [x + MARGIN, y], width))
                    y += GAP + TITLE + (0 if nodes[-1]["flags"] else nodes[-1]["size"][1])
                y -= TITLE + GAP - MARGIN
                groups.append({
                    "id": len(groups) + 1, "title": group.title, "bounding": [x, top, width + 2 * MARGIN, y - top],
                    "color": group.colour, "font_size": 24, "flags": {},
                })  # fmt: skip
                top = y + GAP
            x += width + 2 * MARGIN + GAP
        return {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"moviedreamer/{self.workflow.name}")), "revision": 0,
            "last_node_id": len(nodes), "last_link_id": len(links), "nodes": nodes, "links": links, "groups": groups,
            "config": {}, "extra": {"ds": {"scale": 0.65, "offset": [60, 80]}}, "version": 0.4,
        }  # fmt: skip

    def _links(self) -> list[list]:
        links = []
        for node in self.nodes.values():
            for slot, port in enumerate(self.slots(node)):
                if isinstance(given := node.inputs.get(port.name), Out):
                    source, source_slot, io_type = self.source(given, port)
                    links.append([len(links) + 1, source, source_slot, self.numbers[id(node)], slot, io_type])
        return links

    def _placed(self, part: Node | Note, links: list[list], position: list[int], width: int) -> dict:
        number = self.numbers[id(part)]
        common = {"id": number, "pos": position, "flags": {}, "order": number - 1, "mode": 0}
        if isinstance(part, Note):
            return common | {
                "type": "MarkdownNote", "size": [width, part.height], "inputs": [], "outputs": [], "properties": {},
                "widgets_values": [part.text], **NOTE_COLOURS,
            }  # fmt: skip
        info = self.info(part)
        into = {link[4]: link[0] for link in links if link[3] == number}
        inputs = [self._slot(port, into.get(slot)) for slot, port in enumerate(self.slots(part))]
        outputs = [
            {"name": name, "type": io_type, "links": [k[0] for k in links if (k[1], k[2]) == (number, slot)] or None}
            for slot, (name, io_type) in enumerate(zip(info["output_name"], info["output"], strict=True))
        ]
        ours = part.kind.startswith("MovieDreamer")
        owner: dict[str, object] = {"cnr_id": "moviedreamer", "ver": self.version} if ours else {"cnr_id": "comfy-core"}
        owner |= {"models": part.models} if part.models else {}
        return common | {
            "type": part.kind, "size": [width, height(info, part.tall)],
            "flags": {"collapsed": True} if part.collapsed else {},
            **({"title": part.title} if part.title else {}),
            "inputs": inputs, "outputs": outputs, "properties": {**owner, "Node name for S&R": part.kind},
            "widgets_values": list(self._values(part)),
        }  # fmt: skip

    def _values(self, node: Node) -> Iterator[object]:
        for port in ports(self.info(node)):
            if port.is_widget:
                given = node.inputs.get(port.name, port.default)
                yield port.default if isinstance(given, Out) else given
                yield from port.extra_values

    @staticmethod
    def _slot(port: Port, link: int | None) -> dict:
        slot = {"name": port.name, "type": port.io_type, "link": link}
        if port.optional:
            slot["shape"] = 7
        return {**slot, "widget": {"name": port.name}} if port.is_widget else slot


def accepts(wanted: str, given: str) -> bool:
    """ComfyUI's rule: a common name in two comma lists, or *."""
    return wanted == "*" or given == "*" or bool(set(wanted.split(",")) & set(given.split(",")))


def height(info: dict, tall: int = 0) -> int:
    """What the page needs for a node, in pixels: the more of both renderers (measured, ComfyUI 0.33). What a run shows
    on it comes on top: `tall`, into which widgets that the page folds away (advanced) may grow.
    """
    every = [port for port in ports(info) if (info["name"], port.name) not in HIDDEN and not port.grown]
    widgets = [port for port in every if port.is_widget]
    rows = max(len(every) - len(widgets), len(info["output"]))
    lines = sum(48 for port in widgets if port.options.get("multiline"))
    folded = max(0, 29 * sum(bool(port.options.get("advanced")) for port in widgets) - UNFOLD)
    return 34 + 22 * rows + 29 * len(widgets) + lines + PANELS.get(info["name"], 0) + max(0, tall - folded)


def write(workflow: Workflow, object_info: dict, version: str, folder: Path) -> None:
    """folder/NAME.json and folder/api/NAME.json."""
    writer = Writer(workflow, object_info, version)
    (folder / "api").mkdir(parents=True, exist_ok=True)
    for place, content in ((folder, writer.page()), (folder / "api", writer.api())):
        (place / f"{workflow.name}.json").write_text(lines_of(content), encoding="utf-8")


def lines_of(content: dict[str, Any]) -> str:
    """As JSON with a line for every field, node and link: a third smaller than indented, and changes can be read."""
    return "{\n" + ",\n".join(f"{_short(name)}:{_rows(value)}" for name, value in content.items()) + "\n}\n"


def _rows(value: Any) -> str:
    return "[\n" + ",\n".join(map(_short, value)) + "\n]" if isinstance(value, list) and value else _short(value)


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
