"""The sentence encoder of a bundle and, beside it, the vision tower from which the keyframe tokenizer starts.

A CLIP from scratch on papertown: captions against frames, field sentences against frames, and linear heads on both
towers, so that every stated value can be read from a sentence's embedding and every visible one from the patches.
The CLIP that judges films is this part with another `seed`, `name` and `vision_folder`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import (
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from ...bundle import load_model
from ...papertown.columns import (
    accuracy,
    cross_entropy,
    outputs,
    stated_cross_entropy,
)
from ...papertown.reader import Look
from ...papertown.world import MAX_PEOPLE
from ...sentences.encoder import load_tokenizer, scaled
from ...sentences.vocabulary import BOS, EOS, PAD, known_words, save_tokenizer, save_words, train_vocabulary
from ..captions import FIELDS, LabelledSentence, corpus, field_sentence, full_caption, partial_caption
from ..export import save_half
from ..image_tensors import save_grid, to_images
from ..part import Part, Workspace
from ..settings import Count, CountedMean, PartSettings

MEAN = STD = (0.5, 0.5, 0.5)
HELD_OUT = 128
HARD_FIELDS = ("description", "actions")


class TwoTowers(nn.Module):
    """The towers and the heads that teach them; only the towers are exported."""

    text: Any
    vision: Any
    scale: Any

    def __init__(self, text: Any, vision: Any) -> None:
        super().__init__()
        self.text, self.vision = text, vision
        width, hidden = int(text.config.projection_dim), int(vision.config.hidden_size)
        stated, person = outputs(extra=1)
        self.text_heads = nn.ModuleList([nn.Linear(width, stated), nn.Linear(width, MAX_PEOPLE * person)])
        seen, person = outputs()
        self.image_heads = nn.ModuleList([nn.Linear(width, seen), nn.Linear(width, MAX_PEOPLE * person)])
        self.patch_norm = nn.LayerNorm(hidden)
        self.look = Look(hidden, 1 + MAX_PEOPLE, 4)
        self.patch_heads = nn.ModuleList([nn.Linear(4 * hidden, seen), nn.Linear(4 * hidden, person)])
        self.scale = nn.Parameter(torch.tensor(2.66))

    def forward(self, pixels: Tensor, captions: Tensor, fields: Tensor) -> dict[str, Any]:
        """Embeddings of length sqrt(W) (`image`, `caption`, `field`) and the logits of every head as (scene, slots)."""
        image, patches = self.see(pixels)
        caption, field = self.embed(captions), self.embed(fields)
        return {
            "image": image,
            "caption": caption,
            "field": field,
            "scale": self.scale.exp().clamp(max=100),
            "caption_heads": self.state(caption),
            "field_heads": self.state(field),
            "image_heads": (self.image_heads[0](image), self.image_heads[1](image).unflatten(1, (MAX_PEOPLE, -1))),
            "patch_heads": self.read_patches(patches),
        }

    def see(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Images [B, 3, H, W] in [0, 1] to embeddings [B, W] and patch features [B, P, hidden]."""
        size = self.vision.config.image_size
        square = F.interpolate(pixels, (size, size), mode="bicubic", antialias=True, align_corners=False)
        out = self.vision(pixel_values=(square - MEAN[0]) / STD[0])
        return scaled(out.image_embeds), out.last_hidden_state[:, 1:]

    def embed(self, ids: Tensor) -> Tensor:
        """Token ids [B, L], padded with eos, to embeddings [B, W]."""
        return scaled(self.text(input_ids=ids).text_embeds)

    def state(self, embedding: Tensor) -> tuple[Tensor, Tensor]:
        """What the sentence states, read linearly: scene and slot logits with "not stated" classes."""
        return self.text_heads[0](embedding), self.text_heads[1](embedding).unflatten(1, (MAX_PEOPLE, -1))

    def read_patches(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        """What the patches show: scene and slot logits."""
        seen = self.look(self.patch_norm(patches))
        return self.patch_heads[0](seen[:, 0]), self.patch_heads[1](seen[:, 1:])


@dataclass(frozen=True, kw_only=True)
class TextSettings(PartSettings):
    """`text` and `vision` are CLIP configs without a vocabulary, `frames` how many are drawn, `seed` that of the
    corpus. `captioned` is the share of a batch's frames that get a caption, `full` the share of captions that say
    everything, `fields_per_frame` how many field sentences a frame has, half of them of the hard kinds; `held_out`
    counts frames. `name` and `vision_folder` are the towers' folders in the bundle.
    """

    text: dict[str, Any]
    vision: dict[str, Any]
    frames: Count
    seed: int
    captioned: CountedMean
    full: CountedMean
    fields_per_frame: Count
    held_out: Count = HELD_OUT
    name: str = "text"
    vision_folder: str = "clip_vision"


class TextPart(Part[TwoTowers]):
    """Both towers of a CLIP of papertown: sentences, and the pictures that they speak of."""

    name = "text"
    Settings = TextSettings
    settings: TextSettings

    def __init__(self, settings: Mapping[str, Any], workspace: Workspace):
        super().__init__(settings, workspace)
        self.name = self.settings.name
        self.frames = workspace.data.frames("train", self.settings.frames, "paper")
        self.films = [workspace.data.film("train", k) for k in range(len(self.frames))]
        sentences = list(corpus(iter(self.films[:3000]), Random(self.settings.seed)))
        self.vocabulary = train_vocabulary(sentences)
        self.words = known_words(sentences)
        self.held_out = _HeldOut(workspace, self.settings.held_out)
        torch.manual_seed(self.settings.seed)
        self.model = TwoTowers(*build_towers(self.settings, self.vocabulary))

    def batch(self, step: int, rng: np.random.Generator, size: int) -> dict[str, Tensor]:
        chosen, words = rng.integers(len(self.frames), size=size), Random(int(rng.integers(2**62)))
        films = [self.films[k] for k in chosen]
        described = films[: max(2, round(size * self.settings.captioned))]
        share = self.settings.full
        captions = [(full_caption if words.random() < share else partial_caption)(f, words, "train") for f in described]
        pairs = self.settings.fields_per_frame // 2
        chosen_fields = [words.choice(bank) for _ in range(len(films) * pairs) for bank in (HARD_FIELDS, FIELDS)]
        about = [films[k % len(films)] for k in range(len(chosen_fields))]
        several = [film for film in films if len(film.shots[0].figures) > 1]
        if several:  # only they teach the order in which the actions are said
            about = [words.choice(several) if f == "actions" else b for f, b in zip(chosen_fields, about, strict=True)]
        fields = [field_sentence(b, f, words, "train") for f, b in zip(chosen_fields, about, strict=True)]
        fields = [sentence for sentence in fields if sentence.text]
        return {
            "pixels": to_images(self.frames.images[chosen]),
            "labels": torch.from_numpy(self.frames.labels[chosen]).long(),
            **_stack("caption", captions, self._encode(captions)),
            **_stack("field", fields, self._encode(fields)),
        }

    def loss(self, batch: dict[str, Tensor], model: TwoTowers) -> tuple[Tensor, dict[str, float]]:
        out = model(batch["pixels"], batch["caption_ids"], batch["field_ids"])
        labels = batch["labels"]
        parts = {
            "captions": contrast(out["caption"], out["image"], batch["caption_frame"], labels, out["scale"]),
            "fields": contrast_fields(out["field"], out["image"], batch["field_frame"], labels, out["scale"]),
            "stated": stated_cross_entropy(out["caption_heads"], batch["caption_stated"]),
            "stated_fields": stated_cross_entropy(out["field_heads"], batch["field_stated"]),
            "image": cross_entropy(out["image_heads"], labels),
            "patches": cross_entropy(out["patch_heads"], labels),
        }
        weights = {"captions": 0.5, "fields": 0.25, "stated": 1.0, "stated_fields": 2.0, "image": 1.0, "patches": 3.0}
        total = torch.stack([weights[k] * v for k, v in parts.items()]).sum()
        return total, {k: float(v.detach()) for k, v in parts.items()}

    def validate(self, model: TwoTowers) -> dict[str, float]:
        held = self.held_out
        device = next(model.parameters()).device
        seen = [model.see(part.to(device)) for part in held.images.split(64)]
        image = torch.cat([embedding for embedding, _ in seen])
        patches = torch.cat([features for _, features in seen])
        ids = self._encode(held.captions).to(device)
        caption = torch.cat([model.embed(part) for part in ids.split(64)])
        found = [(c @ i.T).argmax(1).cpu() == torch.arange(len(c)) for c, i in _in_64s(caption, image)]
        patch = accuracy(_local(model.read_patches(patches)), held.labels)
        scores = {"retrieval_64": float(torch.cat(found).float().mean()), "patches": _mean(patch)}
        scores |= {f"patches_{k}": patch[k] for k in ("place", "landmark", "accent", "slot.hat", "slot.top_color")}
        for field, sentences in held.fields.items():
            heads = model.state(model.embed(self._encode(sentences).to(device)))
            stated = torch.from_numpy(np.stack([sentence.stated for sentence in sentences])).long()
            scores[f"field_{field}"] = _mean(accuracy(_local(heads), stated, extra=1))
        scores["fields_worst"] = min(value for key, value in scores.items() if key.startswith("field_"))
        return scores

    def samples(self, model: TwoTowers, path: Path) -> None:
        """A row for each of 8 held-out captions: the frame it describes, then the 7 held-out frames nearest to it."""
        images, device = self.held_out.images, next(model.parameters()).device
        seen = torch.cat([model.see(part.to(device))[0] for part in images.split(64)])
        caption = model.embed(self._encode(self.held_out.captions[:8]).to(device))
        nearest = (caption @ seen.T).topk(7).indices.cpu()
        rows = [torch.cat([images[k : k + 1], images[nearest[k]]]) for k in range(8)]
        save_grid(torch.cat(rows), path, columns=8, scale=1)

    def export(self, model: TwoTowers, folder: Path) -> None:
        save_half(model.text, folder)
        save_tokenizer(self.vocabulary, folder, longest=model.text.config.max_position_embeddings)
        save_words(self.words, folder)
        vision = folder.parent / self.settings.vision_folder
        save_half(model.vision, vision)
        size = {"height": model.vision.config.image_size, "width": model.vision.config.image_size}
        processor = {"image_processor_type": "CLIPImageProcessor", "do_center_crop": False, "do_convert_rgb": True}
        processor |= {"size": size, "image_mean": MEAN, "image_std": STD, "resample": 3}
        (vision / "preprocessor_config.json").write_text(json.dumps(processor, indent=2) + "\n")

    def load(self, folder: Path) -> None:
        """Both towers and the vocabulary; the heads start anew."""
        vision = folder.parent / self.settings.vision_folder
        self.vocabulary = load_tokenizer(folder).backend_tokenizer
        self.model.text = load_model(type(self.model.text), folder)
        self.model.vision = load_model(type(self.model.vision), vision)

    def gate(self) -> tuple[str, float]:
        return "fields_worst", 0.95

    def _encode(self, sentences: list[LabelledSentence]) -> Tensor:
        longest = self.settings.text["max_position_embeddings"]
        rows = [encoding.ids for encoding in self.vocabulary.encode_batch([sentence.text for sentence in sentences])]
        end = self.vocabulary.get_vocab()[EOS]
        rows = [row if len(row) <= longest else [*row[: longest - 1], end] for row in rows]
        width = max(map(len, rows))
        return torch.tensor([row + [end] * (width - len(row)) for row in rows])


class _HeldOut:
    """Frames, captions and field sentences of the validation split, the same at every validation."""

    def __init__(self, workspace: Workspace, count: int) -> None:
        frames, rng = workspace.data.frames("validation", count, "paper"), Random(0)
        self.images, self.labels = to_images(frames.images), torch.from_numpy(frames.labels).long()
        films = [workspace.data.film("validation", k) for k in range(count)]
        self.captions = [full_caption(film, rng, "validation") for film in films]
        by_field = {field: [field_sentence(film, field, rng, "validation") for film in films] for field in FIELDS}
        self.fields = {field: [each for each in sentences if each.text] for field, sentences in by_field.items()}


def build_towers(settings: TextSettings, vocabulary: Any) -> tuple[Any, Any]:
    """New towers for the vocabulary."""
    ids = {f"{name}_token_id": vocabulary.token_to_id(t) for name, t in (("pad", PAD), ("bos", BOS), ("eos", EOS))}
    text = CLIPTextModelWithProjection(CLIPTextConfig(vocab_size=vocabulary.get_vocab_size(), **ids, **settings.text))
    vision = CLIPVisionModelWithProjection(CLIPVisionConfig(**settings.vision))
    for tower in (text.text_model, vision.vision_model):
        for layer in tower.encoder.layers:
            layer.self_attn.k_proj.weight.data.copy_(layer.self_attn.q_proj.weight.data)
    _grid_positions(vision)
    return text, vision


@torch.no_grad()
def _grid_positions(vision: Any) -> None:
    """Sine positions to start from: while query and key weights are equal, near patches attend to each other."""
    table = vision.vision_model.embeddings.position_embedding.weight
    side, width = int((len(table) - 1) ** 0.5), table.shape[1]
    y, x = torch.meshgrid(torch.arange(side).float(), torch.arange(side).float(), indexing="ij")
    rates = torch.pi * (torch.arange(width // 4) + 1) / (width // 4) * 0.5
    waves = [f(axis.reshape(-1, 1) * rates) for axis in (x, y) for f in (torch.sin, torch.cos)]
    table[1:] = torch.cat(waves, dim=1)


def contrast(text: Tensor, image: Tensor, stated: Tensor, labels: Tensor, scale: Tensor) -> Tensor:
    """Caption k belongs to image k, further images have none; an image of which a caption happens to be true is no
    counterexample to it."""
    # CLIP's symmetric cross-entropy (Radford et al. 2021, fig. 3), true captions of others masked; logits [T, B]
    own = torch.eye(len(text), len(image), dtype=torch.bool, device=text.device)
    logits = scale * (text @ image.T).float() / text.shape[-1]
    logits = logits.masked_fill(_true_of(stated, labels) & ~own, -1e4)
    target = torch.arange(len(text), device=text.device)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T[: len(text)], target)) / 2


def contrast_fields(text: Tensor, image: Tensor, stated: Tensor, labels: Tensor, scale: Tensor) -> Tensor:
    """A field sentence of the scene is equally near to all images of the batch that it is true of."""
    scenic = (stated >= 0).any(1)
    if not scenic.any():
        return text.sum() * 0
    fits = _true_of(stated[scenic], labels).float()  # [T scenic, B]
    logits = scale * (text[scenic] @ image.T).float() / text.shape[-1]
    return F.cross_entropy(logits, fits / fits.sum(1, keepdim=True).clamp(min=1))


def _true_of(stated: Tensor, labels: Tensor) -> Tensor:
    """Whether each sentence [T, A] is true of each frame [B, A]: bool [T, B]."""
    return ((stated[:, None] < 0) | (stated[:, None] == labels[None])).all(-1)


def _stack(name: str, sentences: list[LabelledSentence], ids: Tensor) -> dict[str, Tensor]:
    stated, frame = (np.stack([getattr(sentence, key) for sentence in sentences]) for key in ("stated", "frame"))
    return {
        f"{name}_ids": ids,
        f"{name}_stated": torch.from_numpy(stated).long(),
        f"{name}_frame": torch.from_numpy(frame).long(),
    }


def _in_64s(*tensors: Tensor) -> Any:
    return zip(*(tensor.split(64) for tensor in tensors), strict=True)


def _local(logits: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    return logits[0].cpu(), logits[1].cpu()


def _mean(scores: dict[str, float]) -> float:
    return sum(scores.values()) / max(1, len(scores))
