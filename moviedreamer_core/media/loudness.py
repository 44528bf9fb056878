"""How loud a film's sound is, and making it as loud as one wants: by FFmpeg's filters, sample by sample.

Data contract: chunks are float32 [2, N] at 48 kHz. Loudness is integrated, in LUFS (EBU R128): films for the web are
made at -16 or -14, for broadcast at -23. One gain for the whole film, and a limiter for what is louder than -1 dB.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import numpy as np
from av.filter import Graph

from .audio import RATE, audio_frames

PEAK = 0.891
"""-1 dB."""
SILENT_BELOW = -69.0
"""LUFS: what is not louder is silence, which no gain makes louder."""
MOST_GAIN = 30.0
"""dB."""


def integrated_loudness(chunks: Iterable[np.ndarray]) -> float:
    """The loudness of a whole sound in LUFS; -70 for silence."""
    loudness = -70.0
    for frame in _filtered(chunks, [("ebur128", "metadata=1")]):
        loudness = float(frame.metadata.get("lavfi.r128.I", loudness))
    return loudness


def gain_to(target: float, loudness: float) -> float:
    """The gain in dB that brings a sound to a loudness."""
    return 0.0 if loudness < SILENT_BELOW else min(target - loudness, MOST_GAIN)


def made_louder(chunks: Iterable[np.ndarray], gain: float) -> Iterator[np.ndarray]:
    """The sound with a gain in dB, its peaks limited; as many samples as before."""
    filters = [("volume", f"{gain}dB"), ("alimiter", f"limit={PEAK}:level=0:latency=1")]
    for frame in _filtered(chunks, filters):
        yield frame.to_ndarray()


def _filtered(chunks: Iterable[np.ndarray], filters: list[tuple[str, str]]) -> Iterator[av.AudioFrame]:
    graph = Graph()
    before = graph.add_abuffer(format="fltp", sample_rate=RATE, layout="stereo", time_base=Fraction(1, RATE))
    wanted = ("aformat", f"sample_fmts=fltp:sample_rates={RATE}:channel_layouts=stereo")
    for name, options in [*filters, wanted]:
        node = graph.add(name, options)
        before.link_to(node)
        before = node
    before.link_to(graph.add("abuffersink"))
    graph.configure()
    for frame in audio_frames(chunks):
        graph.push(frame)
        yield from _ready(graph)
    graph.push(None)
    yield from _ready(graph)


def _ready(graph: Graph) -> Iterator[av.AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        if isinstance(frame, av.AudioFrame):
            yield frame
