"""OpenCV Zoo's face networks as the pack that `insightface.app.FaceAnalysis` loads: YuNet finds, SFace knows.

A pack is `det.onnx` with SCRFD's nine outputs and `rec.onnx` with embeddings of 128 numbers. Both networks come as
files of the user's, of float weights or of whole numbers (`..._int8bq.onnx`).
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.compose
import onnx.version_converter
from google.protobuf.message import DecodeError
from onnx import ModelProto, helper, numpy_helper, parser
from onnx.reference import ReferenceEvaluator

from ..errors import MovieDreamerError

SIDE = 640
STRIDES = (8, 16, 32)
OPSET = 21
HEAD = f'<ir_version: 10, opset_import: ["" : {OPSET}]>'

# What insightface feeds, (RGB - 127.5) / 128, as what YuNet was trained on, BGR in 0 to 255.
BEFORE = (
    HEAD
    + """
before (float[1, 3, 640, 640] image) => (float[1, 3, 640, 640] input)
<float steps = {128.0}, float middle = {127.5}, int64[3] order = {2, 1, 0}> {
    scaled = Mul(image, steps)
    rgb = Add(scaled, middle)
    input = Gather<axis = 1>(rgb, order)
}"""
)

# YuNet gives the centre and the logarithm of the size of a box, SCRFD the distances of its sides; YuNet has one anchor
# a cell, SCRFD two, so every row is given twice (non-maximum suppression drops the second).
AFTER = (
    HEAD
    + """
after (float[1, n, 1] cls_S, float[1, n, 1] obj_S, float[1, n, 4] bbox_S, float[1, n, 10] kps_S)
    => (float[m, 1] score_S, float[m, 4] sides_S, float[m, 10] points_S)
<float zero = {0.0}, float one = {1.0}, float half = {0.5}, int64[2] pair = {2, 2}, int64[1] third = {2},
 int64[4] twice = {1, 1, 2, 1}, int64[2] flat1 = {-1, 1}, int64[2] flat4 = {-1, 4}, int64[2] flat10 = {-1, 10}> {
    both = Mul(cls_S, obj_S)
    sure = Clip(both, zero, one)
    score = Sqrt(sure)
    centre, size = Split<axis = 2>(bbox_S, pair)
    whole = Exp(size)
    reach = Mul(whole, half)
    before = Sub(reach, centre)
    behind = Add(reach, centre)
    sides = Concat<axis = 2>(before, behind)
    a = Unsqueeze(score, third)
    b = Unsqueeze(sides, third)
    c = Unsqueeze(kps_S, third)
    aa = Tile(a, twice)
    bb = Tile(b, twice)
    cc = Tile(c, twice)
    score_S = Reshape(aa, flat1)
    sides_S = Reshape(bb, flat4)
    points_S = Reshape(cc, flat10)
}"""
)


def write_pack(detector: Path, recogniser: Path, folder: Path) -> None:
    """Write the pack of YuNet's and SFace's files into a folder that is there. Raises MovieDreamerError for other
    files.
    """
    try:
        onnx.save(as_scrfd(_plain(detector)), folder / "det.onnx")
        onnx.save(_plain(recogniser), folder / "rec.onnx")
    except (ValueError, KeyError, DecodeError, onnx.checker.ValidationError) as error:
        raise MovieDreamerError(
            f"{detector.name}, {recogniser.name}: cannot be put together as a face pack: {error}; expected OpenCV "
            "Zoo's face_detection_yunet_2023mar and face_recognition_sface_2021dec"
        ) from error


def _plain(file: Path) -> ModelProto:
    model = dequantised(onnx.load(file))
    [opset] = [each.version for each in model.opset_import if not each.domain]
    return model if opset == OPSET else onnx.version_converter.convert_version(model, OPSET)


def dequantised(model: ModelProto) -> ModelProto:
    """The model with plain float weights (onnxruntime refuses YuNet's blocks) that are no inputs of the graph."""
    graph = model.graph
    known = {w.name: numpy_helper.to_array(w) for w in graph.initializer}
    left = []
    for node in graph.node:
        if node.op_type in ("DequantizeLinear", "Reshape") and all(name in known for name in node.input):
            feed = {name: known[name] for name in node.input}
            values: Any = ReferenceEvaluator(node).run(None, feed)
            known[node.output[0]] = values[0]
        else:
            left.append(node)
    used = {name for node in left for name in node.input}
    pixels = [i for i in graph.input if i.name in used and i.name not in known]
    weights = [numpy_helper.from_array(np.ascontiguousarray(v), k) for k, v in known.items() if k in used]
    plain = helper.make_graph(left, graph.name, pixels, list(graph.output), weights)
    return helper.make_model(plain, ir_version=10, opset_imports=model.opset_import)


def as_scrfd(yunet: ModelProto) -> ModelProto:
    """YuNet between adapters: insightface's pixels in, all scores, then all boxes, then all landmarks out."""
    model = onnx.compose.merge_models(parser.parse_model(BEFORE), yunet, [("input", "input")])
    for stride in STRIDES:
        rows = (SIDE // stride) ** 2
        text = AFTER.replace("_S", f"_{stride}").replace("[m,", f"[{2 * rows},").replace(" n,", f" {rows},")
        after = onnx.compose.add_prefix(
            parser.parse_model(text), f"s{stride}/", rename_inputs=False, rename_outputs=False
        )
        names = [value.name for value in after.graph.input]
        kept = [value.name for value in model.graph.output if value.name not in names]
        made = [value.name for value in after.graph.output]
        model = onnx.compose.merge_models(model, after, [(n, n) for n in names], outputs=kept + made)
    outputs = {value.name: value for value in model.graph.output}
    del model.graph.output[:]
    model.graph.output.extend(outputs[f"{kind}_{s}"] for kind in ("score", "sides", "points") for s in STRIDES)
    onnx.checker.check_model(model)
    return model
