"""The storyboard's side of the core: a film as cards, each with its states and who decided what.

`board_of(film)` gives plain JSON values; it makes nothing, loads nothing, and reads no picture. Data contract:

    film        title, name (in the store's index), seconds, fps, seed, width, height
    decoders, animators   [{name, summary}]             characters  [{id, name}]
    places      [in words]      scenes  [{id, number from 1, place, title}]
    controls    field -> {least, most}
    shots       [{id, number from 1, scene, place, characters: [id], props: [name], size, seconds, line from 1 or null,
                  plot, actions: {id: words}, expressions: {id: words}, dialogue: [{character or null, text}],
                  decided: {field: {value, by: who decided it in words, rule and of: the same by code (cards.RULES),
                            line of the script or null}},
                  state: unplanned | planned | rendered | animated | external | stale | failed,
                  stages: {plan | keyframe | clip: {made: whether a run would make it, why in words, reason: the same
                           by code (film/wording.py) or null, seconds or null, anew: seconds if it is made whatever
                           it has, or null}},
                  note in words, notes: the same by code,
                  picture and clip: {stage, key, current: whether a run would use it} or null, takes, locked}]
    cost        {stages: [{stage, shots: [id], seconds or null}], seconds or null}: what a run would make; null where
                nothing like it was made before
    continuity  null, or {people: {id: [{shot, likeness}]}, places: {words: [{shot, likeness}]}, weak: [id]}

`media_file` gives the files of a board's pictures (of any width) and clips, `takes_of` the takes of a shot,
`candidates_of` the candidates of its plan.
"""

from .board import board_of
from .candidates import candidates_of
from .film import BoardFilm, FilmJoin, Measured
from .media import media_file, read_width
from .takes import takes_of

__all__ = ["BoardFilm", "FilmJoin", "Measured", "board_of", "candidates_of", "media_file", "read_width", "takes_of"]
