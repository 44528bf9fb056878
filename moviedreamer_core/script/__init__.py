"""Scripts: read, check, resolve, show. `load_script(path)` then `resolve(script)`; see model.py for the contract."""

from .choices import ShotSettings
from .errors import Problem, ScriptError
from .fields import STAGES, field_table, stage_fields
from .ids import select_shots
from .load import Document, document_of, load_script, open_document, parse_script, script_from, script_text
from .model import MAX_SHOTS, Character, Defaults, Line, Scene, Script, Shot, ShotCharacter
from .named_files import missing_files, named_files, outside_files
from .resolve import resolve
from .resolved import Choice, ResolvedCharacter, ResolvedShot, shot_seed
from .routes import Route
from .schema import script_schema, write_schema
from .sentences import ShotSentences, SlotSentences, action_sentence, shot_sentences
from .show import show_script
from .words import AspectFit, aspect_note, bundle_notes, crowded_shots, fit_aspect, unknown_words

__all__ = [
    "MAX_SHOTS", "STAGES", "AspectFit", "Character", "Choice", "Defaults", "Document", "Line", "Problem",
    "ResolvedCharacter", "ResolvedShot", "Route", "Scene", "Script", "ScriptError", "Shot", "ShotCharacter",
    "ShotSentences", "ShotSettings", "SlotSentences", "action_sentence", "aspect_note", "bundle_notes",
    "crowded_shots", "document_of", "field_table", "fit_aspect", "load_script", "missing_files", "named_files",
    "open_document", "outside_files", "parse_script", "resolve", "script_from", "script_schema", "script_text",
    "select_shots", "shot_seed", "shot_sentences", "show_script", "stage_fields", "unknown_words", "write_schema",
]  # fmt: skip
