"""The planner: LLaMA's body on embeddings, one keyframe's tokens after another (docs/method.md, stage 2).

A step is one keyframe. Its positions, all with the step's number as position id:
  the current step   style, place, time, size, plot; per filled slot description, face, action, expression; one query
  a past step        its T tokens alone, with the place's and the cast's embeddings added
The query's output is the state from which the mixture head predicts the step's tokens. Fields of past steps are gone,
so a past step costs T positions for ever. `states` runs whole films in one forward pass (training); `predict_state`
and `append` go step by step over a cache (use); both compute the same.
"""

import json
import math
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import LlamaConfig, LlamaModel

from ..errors import MovieDreamerError
from .conditions import FIELDS, SLOT_FIELDS, SLOT_SENTENCES, Conditions
from .details import DetailedHead, Details
from .head import MixtureHead
from .history_attention import CastAttention, PlaceAttention
from .memory import Memory
from .packing import ConditionMasks, Packed

SLOTS = len(FIELDS)  # kinds of position: the fields, then those of a slot, then the query
QUERY = SLOTS + len(SLOT_FIELDS)
PLACE = FIELDS.index("place")
LOSS_WEIGHTS = ("nll", "l1", "l2")


class PlannerScores(NamedTuple):
    """Per step [B, S]: negative log-likelihood in nats per dimension; L1 and L2 of the mixture's expectation."""

    nll: Tensor
    l1: Tensor
    l2: Tensor


class DetailedScores(NamedTuple):
    """The same with true details given (`nll` without their own likelihood), and how surprising these are, in nats a
    detail: to what is known of the step (`kept`), to the reader of the history's tokens (`read`), and to the reader of
    the expected tokens (`planned`).
    """

    nll: Tensor
    l1: Tensor
    l2: Tensor
    kept: Tensor
    read: Tensor
    planned: Tensor


class Planner(ModelMixin, ConfigMixin):
    """(sentences, faces, earlier tokens) -> a density over the next keyframe's tokens.

    `llama` is a LlamaConfig; `head` has components, groups, sigma_floor, width, and the loss weights l1, l2 and nll
    (likelihood; 1 unless given, 0 makes plain regression of it); `dropout` acts on input embeddings and residual
    branches; `augment` holds the rates of the anti-overfitting strategies (see `regularise`); `temperature` is the one
    to sample with; `input_scale` fits the embeddings to a body that was trained on others; `recall` and `recall_cast`
    are the numbers of heads of `PlaceAttention` and `CastAttention` (0: none); `details` names what is kept as
    classes (see `details`), and the `tries` of a draw; none unless given. Fingerprints name the tokenizer,
    text encoder and face pack whose numbers it reads.
    """

    @register_to_config
    def __init__(
        self,
        llama: dict[str, Any],
        text_width: int = 128,
        face_width: int = 128,
        token_count: int = 2,
        token_width: int = 96,
        max_slots: int = 3,
        head: dict[str, Any] | None = None,
        dropout: float = 0.1,
        augment: dict[str, Any] | None = None,
        temperature: float = 1.0,
        input_scale: float = 1.0,
        recall: int = 0,
        recall_cast: int = 0,
        details: dict[str, Any] | None = None,
        tokenizer_fingerprint: str = "",
        text_fingerprint: str = "",
        face_fingerprint: str = "",
    ):
        super().__init__()
        options = {k: v for k, v in (head or {}).items() if k not in LOSS_WEIGHTS}
        config = LlamaConfig(vocab_size=1, bos_token_id=None, eos_token_id=None, pad_token_id=None, **llama)
        self.body = LlamaModel(config)
        self.body.embed_tokens = None  # everything enters as embeddings
        width = config.hidden_size
        self.field_in = nn.ModuleDict({name: nn.Linear(text_width, width) for name in FIELDS + SLOT_SENTENCES})
        self.face_in = nn.Linear(face_width, width)
        self.token_in = nn.ModuleList(nn.Linear(token_width, width) for _ in range(token_count))
        self.kind = _embedding(QUERY + 1, width)
        self.slot = _embedding(max_slots, width)
        self.past_slot = _embedding(max_slots, width)
        self.past_kind = _embedding(token_count, width)
        self.null_history, self.null_context = _embedding(width), _embedding(width)
        self.null_face, self.null_description = _embedding(width), _embedding(width)
        self.null_tokens = _embedding(token_count, width)
        dims = token_count * token_width
        if details:
            kinds, tries = {k: v for k, v in details.items() if k != "tries"}, details.get("tries", 8)
            found = Details(kinds, text_width, face_width, max_slots, dims, width)
            self.mixture: MixtureHead = DetailedHead(found, width, dims, tries=tries, **options)
        else:
            self.mixture = MixtureHead(width, dims, **options)
        self.recollection = PlaceAttention(recall, text_width, dims, width) if recall else None
        self.cast_recollection = (
            CastAttention(recall_cast, text_width, face_width, max_slots, dims, width) if recall_cast else None
        )
        for layer in self.body.layers:
            for branch in (layer.self_attn.o_proj, layer.mlp.down_proj):
                branch.register_forward_hook(_Drop(dropout))

    @classmethod
    def from_pretrained(cls, folder: str | Path | None, **options: Any) -> "Planner":
        """As diffusers', but never built on the meta device: rotary frequencies are in no file and would stay there."""
        return super().from_pretrained(folder, **{**options, "low_cpu_mem_usage": False})

    @property
    def token_dims(self) -> int:
        """Numbers per keyframe, T*D."""
        return self.config.token_count * self.config.token_width

    def forward(
        self,
        tokens: Tensor,
        conditions: Conditions,
        *,
        past: Tensor | None = None,
        steps: Tensor | None = None,
        positions: Tensor | None = None,
        masks: ConditionMasks | None = None,
        classes: Tensor | None = None,
    ) -> PlannerScores | DetailedScores:
        """Scores [B, S] of whole films in one pass; arguments as in `states`. `past`, if given, is seen as history;
        `classes` int [B, S, number of details] are the true details, -1 where unknown.
        """
        seen = tokens if past is None else past
        state = self.states(seen, conditions, steps=steps, positions=positions, masks=masks)
        target = tokens.flatten(2).to(state.device)
        if classes is None or not isinstance(self.mixture, DetailedHead):
            log_prob, expected = self.mixture.score(state, target)
            return PlannerScores(-log_prob / self.token_dims, *_errors(expected, target))
        network, view = self.mixture.details, self.mixture.details.seen(conditions)
        details = network.one_hot(classes, conditions.present)
        log_prob, expected, kept = self.mixture.score_with(state, target, details)
        read = network.surprise(network.read(seen.flatten(2), view), details)
        planned = network.surprise(network.read_as_it_is(expected, view.detach()), details)
        return DetailedScores(-log_prob / self.token_dims, *_errors(expected, target), kept, read, planned)

    @property
    def details(self) -> Details | None:
        """What reads and keeps details, or None in a planner without."""
        return self.mixture.details if isinstance(self.mixture, DetailedHead) else None

    def states(
        self,
        tokens: Tensor,
        conditions: Conditions,
        *,
        steps: Tensor | None = None,
        positions: Tensor | None = None,
        masks: ConditionMasks | None = None,
    ) -> Tensor:
        """States [B, S, H] of S steps of B films, each predicted from the steps before it.

        tokens [B, S, T, D]; conditions [B, S, ...]; `steps` bool [B, S] is false for padding at the end; `positions`
        int [B, S] are the steps' numbers (default 0, 1, 2 ...).
        """
        masks = masks or ConditionMasks()
        batch, count = tokens.shape[:2]
        if steps is None:
            steps = torch.ones(batch, count, dtype=torch.bool, device=tokens.device)
        if positions is None:
            positions = torch.arange(count, device=tokens.device).expand(batch, -1)
        alone = torch.arange(count, device=tokens.device).expand(batch, -1) == 0
        if masks.history is not None:
            alone = alone | masks.history
        now, filled = self._embed_current(conditions, alone, masks)
        visible = _visible(tokens, masks)
        masked = self._masked(conditions, masks)
        if self._attends_history:
            gap = positions[:, :, None] - positions[:, None, :]  # [B, S, S], how many steps ago
            now = self._with_history(now, masked, masked, tokens.flatten(2), gap, visible)
        past = self._embed_past(tokens, conditions, masks)
        grid = torch.cat([now, past], dim=2)  # [B, S, P, H], P = 5 + 4K + 1 + T
        valid = torch.cat([filled, filled.new_ones(past.shape[:3])], dim=2) & steps[..., None]
        packed = Packed.of(grid, valid, now.shape[2])
        embeds = F.dropout(packed.embeds * self.config.input_scale, self.config.dropout, self.training)
        hidden = self._run_body(
            embeds,
            attention_mask=packed.mask(masks.history, masks.unattended),
            position_ids=positions.gather(1, packed.step),
            use_cache=False,
        )
        state = packed.read(hidden, now.shape[2] - 1)  # [B, S, H], the query's output of every step
        if self.details is None:
            return state
        read = self.details.read(tokens.flatten(2), self.details.seen(conditions))
        return torch.cat([state, self.details.know(masked, masked, read, visible)], dim=-1)

    def memory(self) -> Memory:
        """An empty memory for one film."""
        return Memory.of(self.body.config)

    @torch.no_grad()
    def predict_state(self, memory: Memory, conditions: Conditions) -> Tensor:
        """The state [H] of the next step, given its conditions (no leading dimension). The memory stays as it was."""
        device = self.device
        one = conditions.map(lambda value: value.to(device)[None, None])
        alone = torch.tensor([[memory.steps == 0]], device=device)
        now, filled = self._embed_current(one, alone, ConditionMasks())
        now = self._with_memory(now, memory, one)
        embeds = now[0, 0][filled[0, 0]]
        hidden = self._extend(memory, embeds)
        memory.cache.crop(-len(embeds))
        if self.details is None:
            return hidden[-1]
        return torch.cat([hidden[-1], self._known(memory, one, self.details)])

    @torch.no_grad()
    def append(self, memory: Memory, tokens: Tensor, conditions: Conditions | None) -> None:
        """Append a step with its chosen tokens [T, D]. Without conditions its place and cast count as unknown."""
        device = self.device
        unknown = ConditionMasks(context=torch.tensor([[conditions is None]], device=device))
        one = (conditions or self._nothing()).map(lambda value: value.to(device)[None, None])
        past = self._embed_past(tokens.to(device, self.kind.dtype)[None, None], one, unknown)
        self._extend(memory, past[0, 0])
        if (self._attends_history or self.details is not None) and conditions is not None:
            step, flat = one.map(lambda value: value[0]), tokens.to(device, self.kind.dtype).flatten()[None]
            memory.note(step, flat, None if self.details is None else self.details.read(flat, self.details.seen(step)))
        memory.steps += 1

    def _extend(self, memory: Memory, embeds: Tensor) -> Tensor:
        """Run positions [P, H] behind the cache, causal among themselves; returns their outputs [P, H]."""
        count, known = len(embeds), memory.cache.get_seq_length()
        mask = torch.full((count, count), -torch.inf, dtype=embeds.dtype, device=embeds.device).triu(1)
        mask = torch.cat([mask.new_zeros(count, known), mask], dim=1)
        return self._run_body(
            embeds[None] * self.config.input_scale,
            attention_mask=mask[None, None],
            position_ids=torch.full((1, count), memory.steps, device=embeds.device),
            past_key_values=memory.cache,
            use_cache=True,
        )[0]

    def _run_body(self, embeds: Tensor, *, attention_mask: Tensor, **options: Any) -> Tensor:
        """The body's outputs for embeddings [B, L, H], in their precision, whatever the body's own is."""
        own, mask = self.body.norm.weight.dtype, attention_mask
        if own != embeds.dtype:
            mask = mask.clamp_min(torch.finfo(own).min).to(own)
        found = self.body(inputs_embeds=embeds.to(own), attention_mask=mask, **options)
        return found.last_hidden_state.to(embeds.dtype)

    def _embed_current(self, conditions: Conditions, alone: Tensor, masks: ConditionMasks) -> tuple[Tensor, Tensor]:
        """(embeddings [B, S, 5 + 4K + 1, H], which of them exist). The query learns whether it has a past."""
        c, kinds = conditions, self.kind
        sentences = [self.field_in[name](c.fields[..., n, :]) for n, name in enumerate(FIELDS)]
        fields = torch.stack(sentences, dim=2) + kinds[:SLOTS]
        slot = {name: self.field_in[name](c.slots[..., n, :]) for n, name in enumerate(SLOT_SENTENCES) if n}
        slot["face"], slot["description"] = self._face(c, masks), self._description(c, masks)
        slots = torch.stack([slot[name] for name in SLOT_FIELDS], dim=3) + kinds[SLOTS:QUERY]
        slots = (slots + self.slot[:, None]).flatten(2, 3)
        query = kinds[QUERY] + alone[..., None] * self.null_history
        there = c.present.repeat_interleave(len(SLOT_FIELDS), dim=-1)
        ones = torch.ones_like(there[..., :1])
        filled = torch.cat([ones.expand(*ones.shape[:-1], SLOTS), there, ones], dim=-1)
        return torch.cat([fields, slots, query[:, :, None]], dim=2), filled

    @property
    def _attends_history(self) -> bool:
        return self.recollection is not None or self.cast_recollection is not None

    def _known(self, memory: Memory, one: Conditions, details: Details) -> Tensor:
        """What is known of the details of the next step [1, 1, ...]."""
        before, read = memory.past, memory.read
        if before is None or read is None:
            before, read = one.map(lambda value: value[0, :0]), one.fields.new_zeros(0, details.length)
        visible = torch.ones(1, 1, len(read), dtype=torch.bool, device=read.device)
        return details.know(one, before.map(lambda value: value[None]), read[None], visible)[0, 0]

    def _with_memory(self, now: Tensor, memory: Memory, one: Conditions) -> Tensor:
        """The same for one step [1, 1, P, H] over a memory."""
        past, tokens, numbers = memory.past, memory.tokens, memory.numbers
        if not self._attends_history or past is None or tokens is None or numbers is None:
            return now
        gap = memory.steps - numbers[None, None]
        before = past.map(lambda value: value[None])
        return self._with_history(now, one, before, tokens[None], gap, torch.ones_like(gap, dtype=torch.bool))

    def _with_history(
        self, now: Tensor, current: Conditions, before: Conditions, tokens: Tensor, gap: Tensor, visible: Tensor
    ) -> Tensor:
        query = now[:, :, -1]
        if self.recollection is not None:
            places = current.fields[:, :, PLACE], before.fields[:, :, PLACE]
            query = query + self.recollection(*places, tokens, gap, visible)
        if self.cast_recollection is not None:
            query = query + self.cast_recollection(current, before, tokens, gap, visible)
        return torch.cat([now[:, :, :-1], query[:, :, None]], dim=2)

    @staticmethod
    def _masked(c: Conditions, masks: ConditionMasks) -> Conditions:
        """The conditions without the faces and descriptions that are masked."""
        if masks.faces is not None:
            c = replace(c, has_face=c.has_face & ~masks.faces)
        if masks.descriptions is not None:
            descriptions = c.slots[..., :1, :] * ~masks.descriptions[..., None, None]
            c = replace(c, slots=torch.cat([descriptions, c.slots[..., 1:, :]], dim=-2))
        return c

    def _embed_past(self, tokens: Tensor, conditions: Conditions, masks: ConditionMasks) -> Tensor:
        """Embeddings [B, S, T, H] of past steps: tokens, plus place and cast; a slot's gain tells who stood where.

        Place and cast enter through the projections of the current step's fields: like finds like from the start.
        """
        c = conditions
        seen = torch.stack([project(tokens[:, :, n]) for n, project in enumerate(self.token_in)], dim=2)
        if masks.tokens is not None:
            seen = torch.where(masks.tokens[..., None, None], self.null_tokens, seen)
        people = (self._face(c, masks) + self._description(c, masks)) * (1 + self.past_slot)
        cast = (people * c.present[..., None]).sum(2) / c.present.sum(-1, keepdim=True).clamp_min(1)
        context = self.field_in["place"](c.fields[..., PLACE, :]) + cast
        if masks.context is not None:
            context = torch.where(masks.context[..., None], self.null_context, context)
        return seen + context[:, :, None] + self.past_kind

    def _face(self, c: Conditions, masks: ConditionMasks) -> Tensor:
        """Embeddings [B, S, K, H] of the faces; one that is missing or masked is the learned null."""
        unknown = ~c.has_face if masks.faces is None else ~c.has_face | masks.faces
        face = self.face_in(c.faces * math.sqrt(self.config.face_width))
        return torch.where(unknown[..., None], self.null_face, face)

    def _description(self, c: Conditions, masks: ConditionMasks) -> Tensor:
        """Embeddings [B, S, K, H] of the descriptions; a masked one is the learned null."""
        descriptions = self.field_in["description"](c.slots[..., 0, :])
        if masks.descriptions is None:
            return descriptions
        return torch.where(masks.descriptions[..., None], self.null_description, descriptions)

    def _nothing(self) -> Conditions:
        """The conditions of a shot of which nothing is known."""
        c = self.config
        absent = torch.zeros(c.max_slots, dtype=torch.bool)
        texts = torch.zeros(c.max_slots, len(SLOT_SENTENCES), c.text_width)
        faces = torch.zeros(c.max_slots, c.face_width)
        return Conditions(torch.zeros(len(FIELDS), c.text_width), texts, faces, absent, absent)


def packaged_config(name: str) -> dict[str, Any]:
    """A configuration that ships: "mini" or "paper" (LLaMA-7B's body). Raises MovieDreamerError for another name."""
    folder = files(__package__) / "configs"
    file = folder / f"{name}.json"
    if not file.is_file():
        names = sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))
        raise MovieDreamerError(f"no planner configuration '{name}'; there are {', '.join(names)}")
    return json.loads(file.read_text())


def _errors(expected: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """L1 and L2 [...] of expectations [..., dims]."""
    error = expected - target
    return error.abs().mean(-1), error.square().mean(-1)


def _visible(tokens: Tensor, masks: ConditionMasks) -> Tensor:
    """Which steps before are there to be recalled by each step, bool [B, S, S]."""
    count = tokens.shape[1]
    visible = torch.ones(count, count, dtype=torch.bool, device=tokens.device).tril(-1).expand(len(tokens), -1, -1)
    if masks.history is not None:
        visible = visible & ~masks.history[:, :, None]
    hidden = (masks.tokens, masks.context, None if masks.unattended is None else masks.unattended.any(-1))
    for steps in hidden:
        visible = visible if steps is None else visible & ~steps[:, None, :]
    return visible


class _Drop:
    """Forward hook: dropout on a branch's output while its module trains. It holds no module, so models copy well."""

    def __init__(self, rate: float):
        self.rate = rate

    def __call__(self, module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        return F.dropout(output, self.rate, module.training)


def _embedding(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(*shape) * 0.5)
