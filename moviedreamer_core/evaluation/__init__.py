"""How good a bundle is, measured on held-out films of papertown, where the truth is known.

counted_mean.py          means that know over how much they were taken
held_out.py              the films, made by the same pipeline as everyone's
film_pictures.py, see.py what they show, as numbers
reading.py, face_likeness.py, details.py, features.py
                         the measures: plain functions on tensors
variants.py, history.py, motion.py
                         films made another way (the baselines), from true history, and clips
run.py, page.py          all of it in one run; its table, as JSON and Markdown
gallery.py               pictures of the same films
ablate/                  the paper's claims, one by one, by small runs
"""
