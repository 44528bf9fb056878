"""Public weights as a bundle: what comes from elsewhere is copied part by part, what is ours begins untrained.

weights.py   tensors of a safetensors file, a sharded set or a folder, read one at a time
models.py    the models as their publishers lay them out, video_model.py those that move; single_file.py and
             svd_names.py: those in one file
parts.py     which tensors become which part, and what each part's fresh layers are
faces.py     face packs; opencv_faces.py puts YuNet and SFace together as one
writing.py   a part's folder: weights in shards, config, card
make.py      the whole bundle
"""

from .make import Sources, make_bundle

__all__ = ["Sources", "make_bundle"]
