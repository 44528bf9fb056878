"""Pipelines of diffusers as decoders and animators, from folders: `sdxl:FOLDER`, `ltx:FOLDER@704x480`.

`folder.py` reads a name and a folder without loading anything, `running.py` loads and runs what is in it; beside them
one module a family. Nothing is asked of a hub.
"""
