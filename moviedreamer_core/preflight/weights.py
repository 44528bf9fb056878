"""What a bundle needs of a machine and what it lacks, from headers and cards alone: nothing is loaded."""

from dataclasses import dataclass
from math import prod
from pathlib import Path

from safetensors import safe_open

from ..builtin import ANIMATORS, DECODERS
from ..bundle import Bundle
from ..errors import MovieDreamerError
from .look import gigabytes
from .machine import Machine, machine
from .times import times

STAGES = {
    "cast": ("faces",), "plan": ("text", "planner"), "keyframes": ("text", "vae", "decoder"),
    "clips": ("text", "vae", "animator"), "film": ("text", "vae", "animator", "upscaler"),
}  # fmt: skip
"""The parts that a film has in memory at each stage: planner and decoder leave when their stage is done."""
LACKING = {
    "text": "no film can be planned", "planner": "no film can be planned", "vae": "no picture can be drawn",
    "decoder": "no picture can be drawn", "tokenizer": "the planner cannot read pictures (history, continuity)",
    "decoder_ink": "there is no decoder 'ink'", "animator": "clips by 'panzoom' alone",
    "faces": "reference pictures need --faces FOLDER",
}  # fmt: skip
NEEDED = ("text", "planner", "vae", "decoder")
FLOAT = 4


@dataclass(frozen=True)
class BundleLook:
    """`memory`: bytes of the weights at each stage, in float32 as they are loaded; `missing` and `untrained`: parts,
    with what that means; `seconds`: median seconds of a result on this machine, by stage and maker; `problems`: what
    cannot work.
    """

    bundle: Bundle
    memory: dict[str, int]
    missing: dict[str, str]
    untrained: dict[str, str]
    seconds: dict[tuple[str, str], float]
    machine: Machine
    problems: tuple[str, ...]


def look_at_bundle(bundle: Bundle, store: Path) -> BundleLook:
    """Look at a bundle for films that are kept in `store`."""
    sizes, problems = {}, []
    for part in bundle.parts():
        try:
            sizes[part] = loaded_bytes(bundle.path(part))
        except MovieDreamerError as error:
            problems.append(str(error))
    missing = {part: what for part, what in LACKING.items() if not bundle.has(part)}
    if bundle.info.show_size != bundle.info.render_size and not bundle.has("upscaler"):
        missing["upscaler"] = f"pictures cannot be shown at {bundle.info.show_size[0]}x{bundle.info.show_size[1]}"
    problems += [f"part '{part}' is missing: {missing[part]}" for part in (*NEEDED, "upscaler") if part in missing]
    cards = {part: str(bundle.card(part).get("trained", "")) for part in bundle.parts()}
    untrained = {part: trained for part, trained in cards.items() if trained.startswith("untrained")}
    memory = {stage: sum(sizes.get(part, 0) for part in parts) for stage, parts in STAGES.items()}
    found = machine(store)
    stage = max(memory, key=lambda each: memory[each])
    if found.memory is not None and memory[stage] > found.memory:
        problems.append(
            f"stage {stage!r} holds {gigabytes(memory[stage])} of weights, {gigabytes(found.memory)} of memory are free"
        )
    return BundleLook(bundle, memory, missing, untrained, _seconds(bundle, store), found, tuple(problems))


def loaded_bytes(folder: Path) -> int:
    """Bytes of a part's numbers as float32, the way all parts are loaded; ONNX files as they lie there."""
    total = sum(file.stat().st_size for file in folder.rglob("*.onnx"))
    for file in folder.rglob("*.safetensors"):
        with safe_open(str(file), framework="pt") as opened:
            total += FLOAT * sum(prod(opened.get_slice(name).get_shape()) for name in opened.keys())  # noqa: SIM118
    return total


def _seconds(bundle: Bundle, store: Path) -> dict[tuple[str, str], float]:
    """(stage, maker's name) -> seconds, of the makers that ran here with these weights."""
    took, found = times(store), {}
    for stage, makers in (("keyframe", DECODERS), ("clip", ANIMATORS)):
        for name in makers.names():
            factory = makers.find(name)
            try:
                seconds = took.get((stage, factory.fingerprint(bundle)))
            except MovieDreamerError:  # a part that is not there
                continue
            if seconds is not None:
                found[stage, name] = seconds
    return found


def bundle_words(found: BundleLook) -> str:
    """The whole report; what cannot work comes first."""
    info = found.bundle.info
    lines = [f"{info.name} ({found.bundle.folder}): {', '.join(found.bundle.parts())}"]
    if found.problems:
        lines += ["", f"cannot work ({len(found.problems)}):", *(f"- {problem}" for problem in found.problems)]
    lines += ["", "weights in memory, in float32:"]
    lines += [f"  {stage}: {gigabytes(size)}" for stage, size in found.memory.items() if size]
    memory = found.machine.memory
    lines.append(f"  free here: {'not known' if memory is None else gigabytes(memory)}")
    lines += ["", "how long:"]
    for (stage, name), seconds in found.seconds.items():
        lines.append(f"  a {stage} by {name}: {seconds:.2g} s (median of this store)")
    if not found.seconds:
        lines.append("  not known: no film was made here with these weights; a first shot will tell")
    for title, parts in (("not in this bundle", found.missing), ("not trained", found.untrained)):
        if parts:
            lines += ["", f"{title}:", *(f"  {part}: {what}" for part, what in parts.items())]
    return "\n".join(lines)
