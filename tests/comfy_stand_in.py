"""A small honest stand-in for what our nodes use of ComfyUI 0.33, for tests where there is no ComfyUI.

Schemas behave as the real ones do: arguments that the real classes do not know raise TypeError, ids must be unique,
`GET_NODE_INFO_V1` gives what /object_info gives (test_object_info.py compares it with a recording of a real server),
and `execute` runs on a locked clone of the class. What our nodes do not use is not here: AttributeError says so.
"""

import copy
import sys
import types
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


def pruned(values: dict) -> dict:
    """Without what is None, as in every answer of ComfyUI."""
    return {key: value for key, value in values.items() if value is not None}


# --- comfy_api.latest.io -------------------------------------------------------------------------------------------


class UploadType(StrEnum):
    image = "image_upload"
    audio = "audio_upload"
    video = "video_upload"
    model = "file_upload"


class FolderType(StrEnum):
    input = "input"
    output = "output"
    temp = "temp"


class NumberDisplay(StrEnum):
    number = "number"
    slider = "slider"
    color = "color"
    gradient_slider = "gradientslider"


class ControlAfterGenerate(StrEnum):
    fixed = "fixed"
    increment = "increment"
    decrement = "decrement"
    randomize = "randomize"


class Hidden(StrEnum):
    unique_id = "UNIQUE_ID"
    prompt = "PROMPT"
    extra_pnginfo = "EXTRA_PNGINFO"
    dynprompt = "DYNPROMPT"


class Input:
    io_type = ""

    def __init__(
        self, id, display_name=None, optional=False, tooltip=None, lazy=None, extra_dict=None, raw_link=None,
        advanced=None,
    ):  # fmt: skip
        self.id, self.display_name, self.optional, self.tooltip = id, display_name, optional, tooltip
        self.lazy, self.raw_link, self.advanced, self.extra_dict = lazy, raw_link, advanced, extra_dict or {}

    def as_dict(self) -> dict:
        own = dict(display_name=self.display_name, optional=self.optional, tooltip=self.tooltip, lazy=self.lazy,
                   rawLink=self.raw_link, advanced=self.advanced)  # fmt: skip
        return pruned(own) | pruned(self.extra_dict)

    def get_io_type(self) -> str:
        return self.io_type

    def get_all(self) -> list:
        return [self]

    def validate(self) -> None: ...


class WidgetInput(Input):
    def __init__(
        self, id, display_name=None, optional=False, tooltip=None, lazy=None, default=None, socketless=None,
        widget_type=None, force_input=None, extra_dict=None, raw_link=None, advanced=None,
    ):  # fmt: skip
        super().__init__(id, display_name, optional, tooltip, lazy, extra_dict, raw_link, advanced)
        self.default, self.socketless, self.widget_type, self.force_input = (
            default, socketless, widget_type, force_input
        )  # fmt: skip

    def as_dict(self) -> dict:
        own = dict(default=self.default, socketless=self.socketless, widgetType=self.widget_type,
                   forceInput=self.force_input)  # fmt: skip
        return super().as_dict() | pruned(own)

    def get_io_type(self) -> str:
        return self.widget_type or self.io_type


class Output:
    io_type = ""

    def __init__(self, id=None, display_name=None, tooltip=None, is_output_list=False):
        self.id, self.display_name, self.tooltip = id, display_name or id, tooltip
        self.is_output_list = is_output_list

    def validate(self) -> None: ...


def comfytype(io_type: str) -> Callable[[type], type]:
    """The decorator that gives a type its name and input and output classes of its own."""

    def decorate(cls: type) -> type:
        own = {"io_type": io_type}
        for name, default in (("Input", Input), ("Output", Output)):
            own[name] = type(name, (getattr(cls, name, default),), {"io_type": io_type})
        return type(cls.__name__, (cls,), own)

    return decorate


def Custom(io_type: str) -> type:  # noqa: N802 - ComfyUI's name
    """A type of one's own."""
    return comfytype(io_type)(type("CustomComfyType", (), {}))


class MultiType:
    """An input that takes several types."""

    class Input(Input):
        def __init__(self, id, types, display_name=None, optional=False, tooltip=None, lazy=None):
            super().__init__(id, display_name, optional, tooltip, lazy)
            self.types = types

        def get_io_type(self) -> str:
            return ",".join(each.io_type for each in self.types)


class _WithExtras(WidgetInput):
    """A widget with further arguments by name: `extras` maps each to its name in /object_info and its default."""

    extras: dict[str, tuple[str, Any]] = {}
    refuses: tuple[str, ...] = ("widget_type",)

    def __init__(self, id, display_name=None, optional=False, tooltip=None, lazy=None, **named):
        own = {name: named.pop(name, default) for name, (_, default) in self.extras.items()}
        for name in self.refuses:
            if name in named:
                raise TypeError(f"{type(self).__qualname__}() got an unexpected keyword argument {name!r}")
        super().__init__(id, display_name, optional, tooltip, lazy, **named)
        self.own = own

    def as_dict(self) -> dict:
        return super().as_dict() | pruned({key: self.own[name] for name, (key, _) in self.extras.items()})


class _BooleanInput(_WithExtras):
    extras = {"label_on": ("label_on", None), "label_off": ("label_off", None)}


class _IntInput(_WithExtras):
    extras = {name: (name, None) for name in ("min", "max", "step", "control_after_generate")}
    extras["display_mode"] = ("display", None)


class _FloatInput(_WithExtras):
    extras = {name: (name, None) for name in ("min", "max", "step", "round", "gradient_stops")}
    extras["display_mode"] = ("display", None)


class _StringInput(_WithExtras):
    extras = {
        "multiline": ("multiline", False),
        "placeholder": ("placeholder", None),
        "dynamic_prompts": ("dynamicPrompts", None),
    }


class _ComboInput(_WithExtras):
    extras = {"control_after_generate": ("control_after_generate", None)}
    refuses = ("widget_type", "force_input")

    def __init__(
        self, id, options=None, display_name=None, optional=False, tooltip=None, lazy=None, upload=None,
        image_folder=None, remote=None, **named,
    ):  # fmt: skip
        if isinstance(options, type):
            options = [option.value for option in options]
        super().__init__(id, display_name, optional, tooltip, lazy, **named)
        self.default = getattr(self.default, "value", self.default)
        self.options, self.upload, self.image_folder, self.remote = options, upload, image_folder, remote

    def as_dict(self) -> dict:
        uploads = {self.upload.value: True} if self.upload else {}
        folder = self.image_folder.value if self.image_folder else None
        own = dict(multiselect=False, options=self.options, image_folder=folder, remote=self.remote)
        return super().as_dict() | pruned(own) | uploads


class _ComboOutput(Output):
    def __init__(self, id=None, display_name=None, options=None, tooltip=None, is_output_list=False):
        super().__init__(id, display_name, tooltip, is_output_list)
        self.options = options or []


def _type(io_type: str, input: type = Input, output: type = Output) -> type:
    return comfytype(io_type)(type(io_type.title(), (), {"Input": input, "Output": output}))


class _MultiTypeInput(Input):
    def __init__(
        self, id, types, display_name=None, optional=False, tooltip=None, lazy=None, extra_dict=None, raw_link=None,
        advanced=None,
    ):  # fmt: skip
        self.widget, self.types = None, types
        if isinstance(id, Input):
            self.widget = copy.copy(id)
            optional, tooltip, lazy = id.optional or optional, id.tooltip or tooltip, id.lazy or lazy
            display_name, id = id.display_name or display_name, id.id
            if isinstance(self.widget, WidgetInput):
                self.widget.widget_type = self.widget.get_io_type()
        super().__init__(id, display_name, optional, tooltip, lazy, extra_dict, raw_link, advanced)

    def get_io_type(self) -> str:
        names = [kind.io_type for kind in self.types]
        return ",".join(dict.fromkeys([self.widget.get_io_type(), *names] if self.widget else names))

    def as_dict(self) -> dict:
        return (self.widget.as_dict() if self.widget else {}) | super().as_dict()


class HiddenHolder:
    """The hidden values that a node asked for; None for the rest."""

    def __init__(self, **values):
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> None:
        return None


@dataclass
class Schema:
    node_id: str
    display_name: str = None
    category: str = "sd"
    inputs: list = field(default_factory=list)
    outputs: list = field(default_factory=list)
    hidden: list = field(default_factory=list)
    description: str = ""
    search_aliases: list = field(default_factory=list)
    is_input_list: bool = False
    is_output_node: bool = False
    is_deprecated: bool = False
    is_experimental: bool = False
    is_dev_only: bool = False
    is_api_node: bool = False
    price_badge: Any = None
    not_idempotent: bool = False
    enable_expand: bool = False
    accept_all_inputs: bool = False
    essentials_category: str | None = None
    has_intermediate_output: bool = False

    def validate(self) -> None:
        """Ids are there once each."""
        issues = []
        for what, ids in (("Input", [i.id for i in self.inputs]), ("Output", [o.id for o in self.outputs])):
            if twice := [name for name, count in Counter(ids).items() if count > 1]:
                issues.append(f"{what} ids must be unique, but {twice} are not.")
        if issues:
            raise ValueError("\n".join(issues))
        for port in [*self.inputs, *self.outputs]:
            port.validate()

    def finalize(self) -> None:
        """Output nodes get the prompt and the workflow; outputs without an id get one."""
        for wanted in (Hidden.prompt, Hidden.extra_pnginfo) if self.is_output_node else ():
            if wanted not in self.hidden:
                self.hidden.append(wanted)
        for number, output in enumerate(self.outputs):
            if output.id is None:
                output.id = f"_{number}_{output.io_type}_"


class ComfyNode:
    """The base of every node, with what execution.py calls on it."""

    RELATIVE_PYTHON_MODULE = "custom_nodes.ComfyUI-MovieDreamer"
    SCHEMA: Schema = None
    hidden: HiddenHolder = None

    @classmethod
    def GET_SCHEMA(cls) -> Schema:  # noqa: N802 - ComfyUI's name
        for needed in ("define_schema", "execute"):
            if not hasattr(cls, needed):
                raise Exception(f"No {needed} function was defined for node class {cls.__name__}.")
        schema = cls.define_schema()
        schema.finalize()
        schema.validate()
        cls.SCHEMA = schema
        return schema

    @classmethod
    def GET_NODE_INFO_V1(cls) -> dict:  # noqa: N802 - ComfyUI's name
        """What /object_info says about the node."""
        schema = cls.GET_SCHEMA()
        inputs: dict[str, dict] = {"required": {}}
        for port in schema.inputs:
            options = port.as_dict()
            options.pop("optional", None)
            inputs.setdefault("optional" if port.optional else "required", {})[port.id] = [port.get_io_type(), options]
        for wanted in schema.hidden:
            inputs.setdefault("hidden", {})[wanted.name] = [wanted.value]
        outputs = schema.outputs
        return dict(
            input=inputs, input_order={kind: list(ports) for kind, ports in inputs.items()},
            is_input_list=schema.is_input_list, output=[o.io_type for o in outputs],
            output_is_list=[o.is_output_list for o in outputs],
            output_name=[o.display_name or o.io_type for o in outputs],
            output_tooltips=[o.tooltip or None for o in outputs], output_matchtypes=None, name=schema.node_id,
            display_name=schema.display_name, description=schema.description,
            python_module=cls.RELATIVE_PYTHON_MODULE, category=schema.category, output_node=schema.is_output_node,
            deprecated=schema.is_deprecated, experimental=schema.is_experimental, dev_only=schema.is_dev_only,
            api_node=schema.is_api_node, price_badge=schema.price_badge, search_aliases=schema.search_aliases or None,
            essentials_category=schema.essentials_category, has_intermediate_output=schema.has_intermediate_output,
        )  # fmt: skip

    @classmethod
    def PREPARE_CLASS_CLONE(cls, hidden: dict | None = None) -> type:  # noqa: N802 - ComfyUI's name
        """A clone that cannot be written to, with its hidden values."""
        values = dict(cls.__dict__) | {"hidden": HiddenHolder(**(hidden or {}))}
        values.pop("__dict__", None), values.pop("__weakref__", None)
        return _Locked(cls.__name__, cls.__bases__, values)


class _Locked(type):
    def __setattr__(cls, name: str, value: object) -> None:
        raise AttributeError(f"Cannot set attribute {name!r} on immutable class {cls.__name__!r}")


class NodeOutput:
    def __init__(self, *args, ui=None, expand=None, block_execution=None):
        self.args, self.ui, self.expand, self.block_execution = args, ui, expand, block_execution

    @property
    def result(self):
        return self.args or None

    def __getitem__(self, index):
        return self.args[index]


class ComfyExtension:
    async def on_load(self) -> None: ...


class VideoFromFile:
    """A video in a file; read only when somebody asks."""

    def __init__(self, file, *, start_time: float = 0, duration: float = 0):
        self._file, self._start, self._duration = file, start_time, duration

    def get_stream_source(self):
        return self._file

    def _stream(self, read):
        import av

        with av.open(str(self._file)) as container:
            return read(container, container.streams.video[0])

    def get_dimensions(self) -> tuple[int, int]:
        return self._stream(lambda _, stream: (stream.width, stream.height))

    def get_duration(self) -> float:
        return self._stream(lambda container, _: container.duration / 1_000_000)

    def get_frame_rate(self):
        return self._stream(lambda _, stream: stream.average_rate)

    def get_frame_count(self) -> int:
        return self._stream(lambda container, _: sum(1 for _ in container.decode(video=0)))

    def get_components(self):
        return self._stream(_components)


def _components(container, stream):
    import torch

    frames = [torch.from_numpy(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    return VideoComponents(torch.stack(frames).float() / 255, stream.average_rate)


@dataclass
class VideoComponents:
    images: Any
    frame_rate: Any
    audio: Any = None
    metadata: dict | None = None
    alpha: Any = None


class VideoFromComponents:
    """A video that is frames in memory."""

    def __init__(self, components, bit_depth: int = 8):
        self._components = components

    def get_components(self):
        return self._components

    def get_dimensions(self) -> tuple[int, int]:
        return self._components.images.shape[2], self._components.images.shape[1]

    def get_frame_rate(self):
        return self._components.frame_rate

    def get_frame_count(self) -> int:
        return self._components.images.shape[0]

    def get_duration(self) -> float:
        return float(self.get_frame_count() / self._components.frame_rate)


class SavedResult(dict):
    def __init__(self, filename: str, subfolder: str, type):
        super().__init__(filename=filename, subfolder=subfolder, type=str(type.value))


class PreviewVideo:
    def __init__(self, values, **_):
        self.values = values

    def as_dict(self) -> dict:
        return {"images": self.values, "animated": (True,)}


class PreviewText:
    def __init__(self, value: str, **_):
        self.value = value

    def as_dict(self) -> dict:
        return {"text": (self.value,)}


def _namespace(name: str, **values) -> types.ModuleType:
    module = types.ModuleType(name, "A stand-in, see comfy_stand_in.py.")
    module.__dict__.update(values)
    return module


_PLAIN = {
    "Image": "IMAGE", "Mask": "MASK", "Latent": "LATENT", "Conditioning": "CONDITIONING", "Sampler": "SAMPLER",
    "Sigmas": "SIGMAS", "Noise": "NOISE", "Guider": "GUIDER", "Clip": "CLIP", "ControlNet": "CONTROL_NET",
    "Vae": "VAE", "Model": "MODEL", "ClipVision": "CLIP_VISION", "Audio": "AUDIO", "Video": "VIDEO",
    "AnyType": "*", "Dict": "DICT", "Array": "ARRAY",
}  # fmt: skip

io = _namespace(
    "comfy_api.latest._io_public",
    Boolean=_type("BOOLEAN", _BooleanInput), Int=_type("INT", _IntInput), Float=_type("FLOAT", _FloatInput),
    String=_type("STRING", _StringInput), Combo=_type("COMBO", _ComboInput, _ComboOutput),
    MultiType=type("MultiType", (), {"Input": _MultiTypeInput, "io_type": "COMFY_MULTITYPED_V3"}),
    **{name: _type(io_type) for name, io_type in _PLAIN.items()},
    Custom=Custom, comfytype=comfytype, Input=Input, WidgetInput=WidgetInput, Output=Output,
    ComfyTypeIO=type("ComfyTypeIO", (), {"Input": Input, "Output": Output}),
    UploadType=UploadType, FolderType=FolderType, NumberDisplay=NumberDisplay,
    ControlAfterGenerate=ControlAfterGenerate, Hidden=Hidden, HiddenHolder=HiddenHolder, Schema=Schema,
    ComfyNode=ComfyNode, NodeOutput=NodeOutput,
)  # fmt: skip
latest = _namespace(
    "comfy_api.latest",
    io=io, ComfyExtension=ComfyExtension,
    InputImpl=types.SimpleNamespace(VideoFromFile=VideoFromFile, VideoFromComponents=VideoFromComponents),
    Types=types.SimpleNamespace(VideoComponents=VideoComponents),
    ui=types.SimpleNamespace(SavedResult=SavedResult, PreviewVideo=PreviewVideo, PreviewText=PreviewText),
)  # fmt: skip


# --- folder_paths, comfy.* -----------------------------------------------------------------------------------------


class Interrupted(BaseException):
    """ComfyUI's InterruptProcessingException: no Exception, so that `except Exception` lets it through."""


class Host:
    """One ComfyUI as a node sees it: its folders, and what it was sent. `modules` are the ones to import."""

    def __init__(self, base: Path):
        self.base = base
        self.bars: list[ProgressBar] = []
        self.loaded: list[object] = []
        self.interrupted = False
        for name in ("input", "output", "temp", "user", "models/moviedreamer"):
            (base / name).mkdir(parents=True, exist_ok=True)
        self.args = types.SimpleNamespace(disable_metadata=False, cpu=True)
        self.modules = {"comfy_api": _namespace("comfy_api", latest=latest), "comfy_api.latest": latest}
        self.modules |= {"folder_paths": self._folder_paths(), "comfy": _namespace("comfy", __path__=[])}
        self.sent: list[tuple[str, dict]] = []
        context = types.SimpleNamespace(node_id="7", prompt_id="one")
        utils = _namespace("comfy_execution.utils", get_executing_context=lambda: context)
        graph_utils = _namespace("comfy_execution.graph_utils", ExecutionBlocker=ExecutionBlocker)
        self.modules |= {each.__name__: each for each in (graph_utils, utils)}
        self.modules["comfy_execution"] = _namespace("comfy_execution", utils=utils, graph_utils=graph_utils)
        tell = lambda event, data, sid: self.sent.append((event, data))  # noqa: E731
        page = types.SimpleNamespace(client_id="page", send_sync=tell)
        self.modules["server"] = _namespace("server", PromptServer=types.SimpleNamespace(instance=page))
        for name, values in self._comfy().items():
            self.modules[f"comfy.{name}"] = _namespace(f"comfy.{name}", **values)
            setattr(self.modules["comfy"], name, self.modules[f"comfy.{name}"])

    def _comfy(self) -> dict[str, dict]:
        import torch

        cpu = torch.device("cpu")
        management = dict(
            InterruptProcessingException=Interrupted, get_torch_device=lambda: cpu, unet_offload_device=lambda: cpu,
            text_encoder_device=lambda: cpu, intermediate_device=lambda: cpu, load_models_gpu=self._load,
            throw_exception_if_processing_interrupted=self._check, soft_empty_cache=lambda force=False: None,
        )  # fmt: skip
        kinds = dict(SAMPLERS=["euler", "dpmpp_2m"], SCHEDULERS=["normal", "karras"])
        sampler = types.SimpleNamespace(**kinds)
        return {
            "model_management": management,
            "model_patcher": {"CoreModelPatcher": ModelPatcher, "ModelPatcher": ModelPatcher},
            "utils": {"ProgressBar": self._bar},
            "cli_args": {"args": self.args},
            "samplers": {
                "KSampler": sampler,
                "SAMPLER_NAMES": kinds["SAMPLERS"],
                "SCHEDULER_NAMES": kinds["SCHEDULERS"],
            },
        }

    def _bar(self, total: int, node_id: str | None = None) -> "ProgressBar":
        self.bars.append(ProgressBar(total, self._check))
        return self.bars[-1]

    def _load(self, models, memory_required=0, force_patch_weights=False, minimum_memory_required=None,
              force_full_load=False) -> None:  # fmt: skip
        self.loaded += list(models)

    def _check(self) -> None:
        if self.interrupted:
            self.interrupted = False
            raise Interrupted

    def _folder_paths(self) -> types.ModuleType:
        known: dict[str, tuple[list[str], set[str]]] = {}

        def add_model_folder_path(name: str, path: str, is_default: bool = False) -> None:
            paths = known.setdefault(name, ([], set()))[0]
            if path not in paths:
                paths.insert(0 if is_default else len(paths), path)

        def get_annotated_filepath(name: str, default_dir: str | None = None) -> str:
            for kind in ("input", "output", "temp"):
                if name.endswith(f"[{kind}]"):
                    return inside(str(self.base / kind), name[: -len(kind) - 2].rstrip())
            return inside(default_dir or str(self.base / "input"), name)

        def inside(folder: str, name: str) -> str:
            path = (Path(folder) / name).resolve()
            if not path.is_relative_to(Path(folder).resolve()):
                raise ValueError(f"Invalid file path: {name}")
            return str(path)

        def get_full_path(name: str, file: str) -> str | None:
            return next((str(Path(f) / file) for f in known[name][0] if (Path(f) / file).is_file()), None)

        def get_full_path_or_raise(name: str, file: str) -> str:
            if (path := get_full_path(name, file)) is None:
                raise FileNotFoundError(f"Model in folder '{name}' with filename '{file}' not found.")
            return path

        def get_filename_list(name: str) -> list[str]:
            found = [f.relative_to(folder) for folder in map(Path, known[name][0]) for f in folder.rglob("*")]
            return sorted(str(file) for file in found)

        def get_save_image_path(prefix: str, folder: str, image_width: int = 0, image_height: int = 0):
            home = Path(inside(folder, str(Path(prefix).parent)))
            home.mkdir(parents=True, exist_ok=True)
            name = Path(prefix).name
            numbers = [f.name[len(name) + 1 :].split("_")[0].split(".")[0] for f in home.glob(f"{name}_*")]
            counter = max((int(number) for number in numbers if number.isdigit()), default=0) + 1
            subfolder = str(home.relative_to(Path(folder).resolve()))
            return str(home), name, counter, "" if subfolder == "." else subfolder, prefix

        return _namespace(
            "folder_paths",
            base_path=str(self.base), models_dir=str(self.base / "models"), folder_names_and_paths=known,
            get_input_directory=lambda: str(self.base / "input"),
            get_output_directory=lambda: str(self.base / "output"),
            get_temp_directory=lambda: str(self.base / "temp"), get_user_directory=lambda: str(self.base / "user"),
            get_folder_paths=lambda name: known[name][0].copy(), add_model_folder_path=add_model_folder_path,
            get_annotated_filepath=get_annotated_filepath, get_full_path=get_full_path,
            exists_annotated_filepath=lambda name: Path(get_annotated_filepath(name)).exists(),
            get_full_path_or_raise=get_full_path_or_raise, get_filename_list=get_filename_list,
            get_save_image_path=get_save_image_path,
            is_within_directory=lambda folder, path: Path(path).resolve().is_relative_to(Path(folder).resolve()),
        )  # fmt: skip


class ExecutionBlocker:
    """Nothing behind it runs; with a message it is an error."""

    def __init__(self, message: str | None):
        self.message = message


class ProgressBar:
    """ComfyUI's bar; remembers what it showed."""

    def __init__(self, total: int, check: Callable[[], None], node_id: str | None = None):
        self.total, self.current, self.previews, self._check = total, 0, [], check

    def update_absolute(self, value: int, total: int | None = None, preview=None) -> None:
        self._check()
        self.total, self.current = total or self.total, value
        if preview is not None:
            self.previews.append(preview)

    def update(self, value: int) -> None:
        self.update_absolute(self.current + value)


class ModelPatcher:
    """A network that ComfyUI may move."""

    def __init__(self, model, load_device, offload_device, size=0, weight_inplace_update=False):
        self.model, self.load_device, self.offload_device = model, load_device, offload_device


# --- the pack, as ComfyUI loads it ---------------------------------------------------------------------------------

ALIAS = "moviedreamer_pack"
ROOT = Path(__file__).resolve().parent.parent


class Pack:
    """The pack under its alias in a stand-in ComfyUI. Its own classes are `moviedreamer_pack.moviedreamer_core...`."""

    def __init__(self, host: Host):
        self.host = host
        load_pack()

    def module(self, name: str) -> types.ModuleType:
        """A module of the pack: "nodes.script", "moviedreamer_core.script"."""
        from importlib import import_module

        return import_module(f"{ALIAS}.{name}")

    def node(self, node_id: str) -> type[ComfyNode]:
        """A node class by its id, without importing the modules that come after its own."""
        for name in self.module("nodes").MODULES:
            if (ROOT / "nodes" / f"{name}.py").exists():
                for node in self.module(f"nodes.{name}").NODES:
                    if node.__name__ == node_id:
                        return node
        raise LookupError(f"no module of nodes/ has {node_id}")

    def run(self, node: str | type[ComfyNode], *, hidden: dict | None = None, **inputs) -> NodeOutput:
        """Run a node as ComfyUI does: literals cast and checked, defaults of the page filled in, on a locked class."""
        import asyncio
        import inspect

        kind = self.node(node) if isinstance(node, str) else node
        values = checked(kind, inputs)
        if (message := validated(kind, values)) is not True:
            raise ValueError(message)
        locked = kind.PREPARE_CLASS_CLONE(hidden)
        out = locked.execute(**values)
        out = asyncio.run(out) if inspect.isawaitable(out) else out
        return out if isinstance(out, NodeOutput) else NodeOutput(*(out or ()))


def load_pack() -> types.ModuleType:
    """The pack's __init__.py as the package `moviedreamer_pack`, once a process."""
    from importlib.util import module_from_spec, spec_from_file_location

    if ALIAS not in sys.modules:
        spec = spec_from_file_location(ALIAS, ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
        sys.modules[ALIAS] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[ALIAS])
    return sys.modules[ALIAS]


def checked(kind: type[ComfyNode], inputs: dict) -> dict:
    """The inputs as ComfyUI hands them over: what the page would fill in, numbers cast, ranges and lists checked."""
    schema = kind.GET_SCHEMA()
    known = {port.id: port for port in schema.inputs}
    if strangers := set(inputs) - set(known):
        raise TypeError(f"{schema.node_id} has no inputs {sorted(strangers)}; it has {list(known)}")
    values = dict(inputs)
    for name, port in known.items():
        options, io_type = port.as_dict(), port.get_io_type()
        if name not in values:
            if "default" in options or (io_type == "COMBO" and options.get("options")):
                values[name] = options.get("default", (options.get("options") or [None])[0])
            elif not port.optional:
                raise ValueError(f"{schema.node_id}: required input {name!r} is missing")
            continue
        value = values[name]
        if io_type in ("INT", "FLOAT"):
            values[name] = value = {"INT": int, "FLOAT": float}[io_type](value)
            if not options.get("min", value) <= value <= options.get("max", value):
                raise ValueError(f"{schema.node_id}: {name} = {value} is out of its range")
        if io_type == "COMBO" and name not in _named(kind) and value not in (options.get("options") or [value]):
            raise ValueError(f"{schema.node_id}: {name} = {value!r} not in {options['options']}")
    return values


def validated(kind: type[ComfyNode], values: dict) -> bool | str:
    """What `validate_inputs` says; linked values (objects) arrive there as None."""
    if not hasattr(kind, "validate_inputs"):
        return True
    plain = {
        key: value if isinstance(value, str | int | float | bool | None) else None for key, value in values.items()
    }
    names = _named(kind)
    return kind.validate_inputs(**{key: value for key, value in plain.items() if "**" in names or key in names})


def _named(kind: type[ComfyNode]) -> set[str]:
    import inspect

    if not hasattr(kind, "validate_inputs"):
        return set()
    wanted = inspect.signature(kind.validate_inputs).parameters.values()
    return {"**" if each.kind is each.VAR_KEYWORD else each.name for each in wanted}
