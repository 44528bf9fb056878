"""Who is who in a screenplay's paragraphs: names in capitals, what is said of somebody first, whose action it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

MAX_PEOPLE = 7
"""People in one shot."""
MAX_CAST = 100
_NAME = r"[^\W\d_a-z][A-Z0-9À-ÖØ-Þ'’.-]*(?: [^\W\d_a-z][A-Z0-9À-ÖØ-Þ'’.-]*){0,3}"
_MET = re.compile(rf"(?<!\w)({_NAME})(?: ?\(([^()]{{1,200}})\)|, ((?:a|an|the|\d)[^,.;:]{{0,200}})(?=[,.;]))")
_SENTENCE = re.compile(r"[^.!?…]+(?:[.!?…]+[\"'”’)]*|$)")
_EXTENSION = re.compile(r"\s*\(([^()]*)\)\s*$")
_UNSEEN = ("O.S", "OS", "V.O", "VO", "O.C", "OC", "OFF")


class People:
    """A cast by name in capitals: whom a text mentions, and what it says that each of them does."""

    def __init__(self, ids: Mapping[str, str]) -> None:
        self.ids = dict(ids)
        joined = "|".join(re.escape(name) for name in sorted(self.ids, key=len, reverse=True))
        self._named = re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE) if joined else None

    def mentioned(self, text: str) -> list[str]:
        """The ids of all who are named, in order, at most `MAX_PEOPLE`."""
        found = self._named.findall(text) if self._named else []
        return list(dict.fromkeys(self.ids[name.upper()] for name in found if name.upper() in self.ids))[:MAX_PEOPLE]

    def actions(self, text: str) -> tuple[dict[str, str], str]:
        """Everybody's action by id, and what else a paragraph says. A sentence that begins with a name is that
        character's first action; introductions are left out.
        """
        actions: dict[str, str] = {}
        rest = []
        plain = _MET.sub(lambda met: met[1] if _known(met[1], self.ids) else met[0], text).replace(" ,", ",")
        for sentence in (part.strip() for part in _SENTENCE.findall(plain)):
            found = self._named.match(sentence) if self._named else None
            who = self.ids.get(found[0].upper(), "") if found else ""
            words = sentence[found.end() :].strip(" ,.!?…") if found else ""
            if who and words and who not in actions and words[0] not in "'’":
                actions[who] = words
            elif sentence:
                rest.append(sentence)
        return actions, " ".join(rest)


def introduced(actions: Iterable[str], speakers: Iterable[str]) -> dict[str, str]:
    """Everybody by name in capitals, with what is said of them where they are met first ("" for nothing).

    `speakers` are known; of the others only who begins a sentence and is described: capitals are also for noises.
    """
    people = dict.fromkeys(filter(None, speakers), "")
    for text in actions:
        for met in _MET.finditer(text):
            begins = not text[: met.start()].strip() or text[: met.start()].rstrip()[-1] in ".!?"
            name = _known(met[1], people) or (met[1] if begins and len(met[1]) > 1 else "")
            if name and not people.setdefault(name, ""):
                people[name] = (met[2] or met[3]).strip()
    return dict(list(people.items())[:MAX_CAST])


def speaker(cue: str) -> tuple[str, bool]:
    """(name in capitals, whether the speaker is not seen) of a cue such as MARA (O.S.)."""
    unseen = False
    while match := _EXTENSION.search(cue):
        unseen |= match[1].replace(" ", "").upper().rstrip(".") in _UNSEEN
        cue = cue[: match.start()]
    return cue.strip(" ^@").upper()[:100], unseen


def _known(name: str, people: Mapping[str, str]) -> str:
    """The known name that is meant; "OLD TOM" means TOM."""
    return name if name in people else next((one for one in people if name.endswith(f" {one}")), "")
