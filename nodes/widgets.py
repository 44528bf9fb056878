"""Widgets of controls: bounds from the core's table of controls, and what a widget's number decides.

A widget has to hold a number, so one of its numbers says that nothing is decided (`unset` in the table); to the core
that is None.
"""

from typing import Any

from ..moviedreamer_core.script.controls import CONTROLS
from ._comfy import io


def control_input(name: str, tooltip: str, *, always: bool = False, **options: Any) -> Any:
    """The widget of a number in the table of controls; with `always` it decides, and starts at the default, without it
    begins unset. `options` are further ones of the input.
    """
    control = CONTROLS[name]
    bounds = {"max": control.most, "tooltip": tooltip, **options}
    if always or control.unset is None:
        bounds |= {"default": control.default, "min": control.least}
    else:
        bounds |= {"default": control.unset, "min": control.unset}
    return io.Int.Input(name, **bounds) if control.kind is int else io.Float.Input(name, step=control.step, **bounds)


def decided(name: str, value: float, else_: str = "leave it alone") -> Any:
    """What a widget's number decides, of the control's own kind (a page sends 1.0 as 1, and keys tell them apart); None
    for its unset. Raises MovieDreamerError for one out of bounds; `else_` says what the unset number does.
    """
    control = CONTROLS[name]
    if value == control.unset or (control.kind is int and value < 0):
        return None
    control.check(value, or_else="" if control.unset is None else f", or {control.unset:g} to {else_}")
    return control.kind(value)
