"""The pipeline over the store: from a script to the film, and everything that an artist may decide on the way.

One road for the command line and for nodes alike, every stage a function over a `FilmSession`: the cast (film_cast.py),
the plan (planning.py), keyframes (keyframes.py), clips (animating.py), the film (making.py). Each asks the store for a
result by the name of all that decides it, makes what is not there, and reads back the file that it made.
"""
