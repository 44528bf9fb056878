"""Writes H.264 MP4: pictures, sound, subtitles, chapters and metadata, interleaved as the frames arrive.

Colours are BT.709, limited range, and tagged so. Same input, same bytes: one encoder thread, bit-exact muxing, and no
part of x264 that reads past its data (`_encoding`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av import Packet, VideoFrame
from av.container import OutputContainer
from av.subtitles.stream import SubtitleStream
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from .audio import RATE, audio_frames
from .job import Job
from .loudness import gain_to, integrated_loudness, made_louder
from .mixing import mixed
from .opening import new_media_file
from .subtitles import STYLE_HEADER, Cue, packet_bytes

ENCODING = {"crf": "18", "preset": "medium", "forced-idr": "1"}
BLOCK = 16  # pixels: a macroblock's side
MILLISECOND = Fraction(1, 1000)
CONTAINER_TAGS = ("major_brand", "minor_version", "compatible_brands", "encoder")
OPTIONS = {"fflags": "+bitexact", "movflags": "+faststart+use_metadata_tags"}


def retag(source: Path, out: Path, tags: Mapping[str, str | None]) -> None:
    """Copy an MP4 with other tags (None takes one away); pictures, sound, subtitles and chapters stay as they are,
    packet by packet, nothing is encoded again.
    """
    with av.open(str(source)) as film, new_media_file(out, "mp4", OPTIONS) as copy:
        kept = {name: value for name, value in film.metadata.items() if name not in (*tags, *CONTAINER_TAGS)}
        copy.metadata.update({**kept, **{name: value for name, value in tags.items() if value is not None}})
        # The chapters' titles lie in a data stream, which the muxer makes itself.
        wanted = [stream for stream in film.streams if stream.type in ("video", "audio", "subtitle")]
        streams = {stream.index: copy.add_stream_from_template(stream, opaque=True) for stream in wanted}
        copy.set_chapters(film.chapters())
        for packet in film.demux(*wanted):
            silence = packet.stream.type == "subtitle" and packet.size <= 2  # the muxer fills gaps itself
            if packet.dts is not None and not silence:
                packet.stream = streams[packet.stream.index]
                copy.mux(packet)


def write_mp4(path: Path, job: Job) -> None:
    with new_media_file(path, "mp4", OPTIONS) as container:
        container.metadata.update(job.metadata)
        video = _video_stream(container, job)
        sound = _sound(container, job)
        text = _text_stream(container) if job.cues else None
        container.set_chapters(
            [
                {
                    "id": i,
                    "start": round(first * 1000 / job.fps),
                    "end": round(end * 1000 / job.fps),
                    "time_base": MILLISECOND,
                    "metadata": {"title": title},
                }
                for i, (title, first, end) in enumerate(job.chapters)
            ]
        )
        waiting, starts = list(reversed(job.cues)), {span.first for span in job.spans}
        for number, frame in enumerate(job.frames):
            while text is not None and waiting and waiting[-1].frame <= number:
                container.mux(_text_packet(text, waiting.pop()))
            container.mux(video.encode(_picture(frame, number, job, number in starts)))
            sound(Fraction(number + 1) / job.fps)
        container.mux(video.encode())
        sound(None)


def _video_stream(container: OutputContainer, job: Job) -> VideoStream:
    width, height = (side + side % 2 for side in job.size)
    stream = container.add_stream("libx264", rate=job.fps, options=_encoding(width))
    stream.width, stream.height = width, height
    stream.pix_fmt, stream.time_base = "yuv420p", 1 / job.fps
    context = stream.codec_context
    context.thread_count, context.gop_size = 1, max(1, round(2 * job.fps))
    context.flags |= av.codec.context.Flags.bitexact
    context.colorspace = context.color_primaries = context.color_trc = context.color_range = 1  # BT.709, limited range
    return stream


def _encoding(width: int) -> dict[str, str]:
    """The encoder's options for pictures `width` pixels wide.

    With AVX-512, x264's macroblock tree (build 165 still has it) goes over a row of macroblocks eight at a time and
    past its end: unless eights fill the row, chance memory takes part in the rate control, and in the pixels.
    `cpu-independent` does that step in C, at about 2 % of the time. Rows that eights fill keep the fast code and the
    bytes their films always had.
    """
    blocks = -(-width // BLOCK)
    return {**ENCODING, "x264-params": "cpu-independent=1"} if blocks % 8 else ENCODING


def _picture(frame: np.ndarray, number: int, job: Job, starts_shot: bool) -> VideoFrame:
    width, height = job.size
    if width % 2 or height % 2:
        frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24").reformat(
        format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    )
    picture.pts, picture.time_base = number, 1 / job.fps
    if starts_shot:  # players land on the shot when they jump to a chapter
        picture.pict_type = av.video.frame.PictureType.I
    return picture


def _sound(container: OutputContainer, job: Job) -> Callable[[Fraction | None], None]:
    """A function that encodes the sound up to a time (all of it: None)."""
    if job.audio is None and not (job.heard or job.speech or job.music):
        return lambda until: None
    stream = container.add_stream("aac", rate=RATE, layout="stereo")
    stream.bit_rate = 160_000
    stream.codec_context.flags |= av.codec.context.Flags.bitexact
    chunks = film_sound(job)
    frames, reached = audio_frames(chunks), Fraction(0)

    def advance(until: Fraction | None) -> None:
        nonlocal reached
        while until is None or reached < until:
            frame = next(frames, None)
            if frame is None:
                break
            reached += Fraction(frame.samples, frame.sample_rate)
            container.mux(stream.encode(frame))
        if until is None:
            container.mux(stream.encode())

    return advance


def film_sound(job: Job) -> Iterator[np.ndarray]:
    """All that is heard, as [2, 1024] arrays, as loud as was asked for."""
    total = round(Fraction(job.count) / job.fps * RATE)

    def sound() -> Iterator[np.ndarray]:
        return mixed(job.audio, job.heard, total, job.speech, job.music)

    if job.loudness is None:
        return sound()
    return made_louder(sound(), gain_to(job.loudness, integrated_loudness(sound())))


def _text_stream(container: OutputContainer) -> SubtitleStream:
    stream = container.add_stream("mov_text")
    stream.codec_context.subtitle_header = STYLE_HEADER
    stream.time_base = MILLISECOND
    return stream


def _text_packet(stream: SubtitleStream, cue: Cue) -> "Packet[Any]":
    packet = av.Packet(packet_bytes(cue))
    packet.stream, packet.time_base = stream, MILLISECOND
    packet.pts = packet.dts = cue.start
    packet.duration = cue.end - cue.start
    return packet
