"""A film by many workers over one store: what is missing (work.py), who does it when (crew.py), on Ray (on_ray.py).

The plan is made in one place. After it every keyframe that is shown no earlier picture is independent of the others,
and every chain of clips too. Workers make results into the store; then the ordinary road is walked and finds them
there, so that a film is the same bytes by whomever it was made.
"""
