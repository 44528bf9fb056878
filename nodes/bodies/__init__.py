"""Bodies: any graph of ComfyUI's nodes between Shot In and Shot Out is a decoder or an animator.

graph.py     find a body in a prompt, name it, copy it for one shot: plain JSON in, plain JSON out
files.py     the content of the files that a body's values name
slots.py     what Shot In gives, and which of it a shot has
makers.py    the decoder and the animator that a body is, as the core knows them
lines.py     what Line In gives, the speaker that a body is, the saying of all lines
sounds.py    sound files as AUDIO
results.py   from ComfyUI's IMAGE, VIDEO and AUDIO to what the core takes
runs.py      the film's pipeline, stopping where a body must draw and going on when it has
engines.py   what preflight knows of a wired decoder or animator
memory.py    what outlives one node of a prompt
expanding.py the nodes that are added for the shots that are missing
"""
