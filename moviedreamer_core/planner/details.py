"""Details: what a place and the people of a film look like as classes, chosen once and kept (ours).

A density over hundreds of numbers may lose in a draw what its mean still has: a pattern on a jersey moves tokens less
than a step to the side does. So what must be kept is said apart, before the tokens are drawn. A planner with `details`
  reads   them from past tokens (a small network, trained on true and on drawn tokens)
  keeps   what it read of the same place and the same person: a gate finds which past steps those are, their evidence
          adds up over a film, and where there is none a prior (learned from sentences) is drawn from: the first
          appearance decides
  plans   the tokens given the details, and of several draws takes the one that reads most like them.
The choice is part of the likelihood: p(details | evidence) p(tokens | details).

Data contract: `kinds` lists the details of each kind, a name and its number of classes each: "place" and "person" are
kept, "shot" is what a shot alone decides (time, plot: the prior knows them from the sentences). They are lists, since
their order is that of the weights. A vector of L numbers holds the classes of all details
side by side: place, shot, then the person's for each of K slots. `known` [..., L + V + K] is what a head must know of a
step: log-probabilities of the details [L], how the reader sees the step [V], and which slots are filled [K].
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from ..errors import MovieDreamerError
from .conditions import FIELDS, Conditions
from .head import MixtureHead

KINDS = ("place", "shot", "person")
Kinds = Mapping[str, Sequence[tuple[str, int]]]
PLACE, SIZE = FIELDS.index("place"), FIELDS.index("size")
VIEW = 16
FLOOR = 0.01  # a reading is never taken for surer than this, or one mistake would outweigh a film
ALPHA = math.log(math.e - 1)  # softplus of it is 1


class Gate(nn.Module):
    """Whether two embeddings [..., W] are of the same thing: a learned cosine against a threshold, as a logit."""

    def __init__(self, width: int):
        super().__init__()
        self.look = nn.Parameter(torch.eye(width))
        self.sharpness = nn.Parameter(torch.tensor(math.log(16.0)))
        self.threshold = nn.Parameter(torch.tensor(0.75))

    def forward(self, now: Tensor, before: Tensor) -> Tensor:
        """now [B, Q, W], before [B, N, W] -> [B, Q, N]."""
        a, b = (F.normalize(value @ self.look, dim=-1, eps=1e-6) for value in (now, before))
        return self.sharpness.exp() * (a @ b.transpose(-1, -2) - self.threshold)


class Details(nn.Module):
    """Reads, keeps and tells details; see the module's contract."""

    def __init__(
        self,
        kinds: Kinds,
        text_width: int,
        face_width: int,
        slots: int,
        dims: int,
        hidden: int,
        width: int = 384,
    ):
        super().__init__()
        if set(kinds) != set(KINDS):
            raise MovieDreamerError(
                f"planner config, details: got {', '.join(kinds)}; expected {', '.join(KINDS)}, each with its details "
                "and how many classes each has"
            )
        self.slots = slots
        groups = [[count for _, count in kinds[kind]] for kind in KINDS]
        self.sizes = [sum(group) for group in groups]
        self.counts = [*groups[0], *groups[1], *(groups[2] * slots)]
        self.length = sum(self.counts)
        self.people = len(groups[0]) + len(groups[1])  # where the details of people begin
        self.view = nn.Linear(text_width, VIEW)
        self.reader = nn.Sequential(
            nn.Linear(dims + VIEW + slots, width), nn.SiLU(),
            nn.Linear(width, width), nn.SiLU(),
            nn.Linear(width, self.length),
        )  # fmt: skip
        self.same_place, self.same_face, self.same_words = Gate(text_width), Gate(face_width), Gate(text_width)
        self.trust_place = nn.Parameter(torch.full((self.sizes[0],), ALPHA))
        self.trust_person = nn.Parameter(torch.full((self.sizes[2],), ALPHA))
        self.scene_prior = nn.Linear(len(FIELDS) * text_width, self.sizes[0] + self.sizes[1])
        self.person_prior = nn.Linear(text_width, self.sizes[2])
        self.state_in, self.details_in = nn.Linear(hidden, width), nn.Linear(self.length, width, bias=False)
        self.mixed, self.out = nn.Linear(width, width), nn.Linear(width, hidden)
        for layer in (self.scene_prior, self.person_prior, self.out):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def seen(self, c: Conditions) -> Tensor:
        """How the reader sees a step [..., V + K]: a keyframe's size, and which slots are filled."""
        return torch.cat([self.view(c.fields[..., SIZE, :]), c.present.to(c.fields.dtype)], dim=-1)

    def read(self, tokens: Tensor, seen: Tensor) -> Tensor:
        """Log-probabilities [..., L] of the details of keyframes' tokens [..., T*D]."""
        return self.normal(self.reader(torch.cat([tokens, seen], dim=-1)))

    def read_as_it_is(self, tokens: Tensor, seen: Tensor) -> Tensor:
        """`read` that teaches the tokens, not the reader."""
        weights = {name: value.detach() for name, value in self.reader.named_parameters()}
        return self.normal(torch.func.functional_call(self.reader, weights, (torch.cat([tokens, seen], dim=-1),)))

    def know(self, now: Conditions, before: Conditions, read: Tensor, visible: Tensor) -> Tensor:
        """What is known [B, Q, L + V + K] of steps `now` [B, Q, ...] from the N steps `before` and what was read of
        them [B, N, L]; `visible` bool [B, Q, N].
        """
        place, _, person = self._parts((read.exp() * (1 - FLOOR) + FLOOR).log())
        shown = visible.to(read.dtype)
        here = self.same_place(now.fields[..., PLACE, :], before.fields[..., PLACE, :]).sigmoid() * shown
        scene = self.scene_prior(now.fields.flatten(-2))
        kept = scene[..., : self.sizes[0]] + F.softplus(self.trust_place) * (here @ place)
        who = self._same_people(now, before) * shown[:, :, None, :, None]
        seen_before = torch.einsum("bqknj,bnjc->bqkc", who, person)
        people = self.person_prior(now.slots[..., 0, :]) + F.softplus(self.trust_person) * seen_before
        logits = torch.cat([kept, scene[..., self.sizes[0] :], people.flatten(-2)], dim=-1)
        return torch.cat([self.normal(logits), self.seen(now)], dim=-1)

    def _same_people(self, now: Conditions, before: Conditions) -> Tensor:
        """In 0 to 1 [B, Q, K, N, K]: whoever is in a slot now, in a slot before. Who is unknown is like nobody."""
        now_words, before_words = now.slots[..., 0, :], before.slots[..., 0, :]
        known = (now.has_face, before.has_face), (now_words.abs().amax(-1) > 0, before_words.abs().amax(-1) > 0)
        pairs = (self.same_face, now.faces, before.faces), (self.same_words, now_words, before_words)
        alike: list[tuple[Tensor, Tensor]] = []
        for (gate, a, b), (mine, theirs) in zip(pairs, known, strict=True):
            like = gate(a.flatten(1, 2), b.flatten(1, 2)).unflatten(1, a.shape[1:3]).unflatten(-1, b.shape[1:3])
            both = mine[:, :, :, None, None] & theirs[:, None, None]
            alike.append((like * both, both))
        (faces, known_faces), (words, known_words) = alike
        there = now.present[:, :, :, None, None] & before.present[:, None, None]
        return (faces + words).sigmoid() * ((known_faces | known_words) & there)

    def normal(self, logits: Tensor) -> Tensor:
        """Logits [..., L] as log-probabilities of each detail."""
        return torch.cat([part.log_softmax(-1) for part in logits.split(self.counts, dim=-1)], dim=-1)

    def one_hot(self, classes: Tensor, present: Tensor) -> Tensor:
        """Classes int [..., number of details] as [..., L]; zero where a class is -1 and in empty slots."""
        wanted = classes.unbind(-1)
        rows = [F.one_hot(c.clamp_min(0), n) * (c >= 0)[..., None] for c, n in zip(wanted, self.counts, strict=True)]
        return torch.cat(rows, dim=-1).to(torch.float32) * self._filled(present)

    @torch.no_grad()
    def choose(self, log_probabilities: Tensor, temperature: float, picks: Tensor | None) -> Tensor:
        """Classes int [..., number of details]: drawn with `picks` in [0, 1), or the likeliest without."""
        found = []
        for n, part in enumerate(log_probabilities.split(self.counts, dim=-1)):
            if picks is None:
                found.append(part.argmax(-1))
                continue
            cumulative = (part / temperature).softmax(-1).cumsum(-1)
            drawn = (cumulative < picks[..., n, None] * cumulative[..., -1:]).sum(-1)
            found.append(drawn.clamp_max(part.shape[-1] - 1))
        return torch.stack(found, dim=-1)

    def tell(self, state: Tensor, details: Tensor) -> Tensor:
        """The body's state [..., H] with details [..., L] told."""
        found = F.silu(self.state_in(state) + self.details_in(details))
        return state + self.out(found + F.silu(self.mixed(found)))

    def surprise(self, log_probabilities: Tensor, details: Tensor) -> Tensor:
        """Mean over the details that are known of -log p [...]; details [..., L] as of `one_hot`."""
        return -(log_probabilities * details).sum(-1) / details.sum(-1).clamp_min(1)

    def _parts(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """[..., L] as place, shot and person [..., K, -]."""
        place, shot, people = values.split([*self.sizes[:2], self.sizes[2] * self.slots], dim=-1)
        return place, shot, people.unflatten(-1, (self.slots, self.sizes[2]))

    def _filled(self, present: Tensor) -> Tensor:
        """Which of the L numbers are of slots [..., K] that are filled, or of no slot."""
        people = present.repeat_interleave(self.sizes[2], dim=-1)
        return torch.cat([people.new_ones(*people.shape[:-1], sum(self.sizes[:2])), people], dim=-1).to(torch.float32)


class DetailedHead(MixtureHead):
    """A mixture of tokens given details, and the details' own probability. Its states are [..., H + L + V + K]: the
    body's, and what is `known` of the step. Of `tries` draws the one that reads most like its details is taken.
    """

    def __init__(self, details: Details, hidden: int, dims: int, *, tries: int = 8, **options: int | float):
        super().__init__(hidden, dims, **options)  # type: ignore[arg-type]
        self.details, self.hidden, self.tries = details, hidden, tries

    def log_prob(self, state: Tensor, tokens: Tensor) -> Tensor:
        """Log-density [...] of tokens together with the details that are read from them: a lower bound of theirs."""
        body, known, seen, present = self._split_state(state)
        classes = self.details.choose(self.details.read(tokens.to(state.dtype), seen), 1.0, None)
        details = self.details.one_hot(classes, present)
        return super().log_prob(self.details.tell(body, details), tokens) + (known * details).sum(-1)

    def score_with(self, state: Tensor, tokens: Tensor, details: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(log-density of tokens given details [..., L], expectation, surprise of the details) for training."""
        body, known, *_ = self._split_state(state)
        density, expected = super().score(self.details.tell(body, details), tokens)
        return density, expected, self.details.surprise(known, details)

    def mixture_state(self, state: Tensor, details: Tensor) -> Tensor:
        """The state [..., H] that the mixture reads, if these are the details [..., L]."""
        return self.details.tell(self._split_state(state)[0], details)

    def score(self, state: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """As the mixture's, with the details that are read from the tokens."""
        body, known, seen, present = self._split_state(state)
        classes = self.details.choose(self.details.read(tokens.to(state.dtype), seen), 1.0, None)
        details = self.details.one_hot(classes, present)
        density, expected = super().score(self.details.tell(body, details), tokens)
        return density + (known * details).sum(-1), expected

    @torch.no_grad()
    def sample(self, state: Tensor, *, temperature: float, generator: Generator) -> Tensor:
        """One draw [..., dims] for each state: details first, then tokens that read like them."""
        if temperature <= 0:
            return self.top_mode(state)
        body, known, seen, present = self._split_state(state)
        picks = torch.rand(*state.shape[:-1], len(self.details.counts), generator=generator).to(state.device)
        details = self.details.one_hot(self.details.choose(known, temperature, picks), present)
        conditioned = self.details.tell(body, details)
        draws = self.draw(conditioned.expand(self.tries, *conditioned.shape), temperature, generator)
        read = self.details.read(draws.to(state.dtype), seen.expand(self.tries, *seen.shape))
        best = self.details.surprise(read, details).argmin(0)
        return draws.gather(0, best[None, ..., None].expand(1, *draws.shape[1:]))[0]

    @torch.no_grad()
    def top_mode(self, state: Tensor) -> Tensor:
        """The mixture's, of the likeliest details."""
        return super().top_mode(self._likeliest(state))

    @torch.no_grad()
    def mean(self, state: Tensor) -> Tensor:
        """The mixture's, of the likeliest details."""
        return super().mean(self._likeliest(state))

    def _likeliest(self, state: Tensor) -> Tensor:
        body, known, _, present = self._split_state(state)
        return self.details.tell(body, self.details.one_hot(self.details.choose(known, 1.0, None), present))

    def _split_state(self, state: Tensor) -> Sequence[Tensor]:
        """The body's state, log-probabilities of details, how the reader sees the step, which slots are filled."""
        body, known, seen = state.split([self.hidden, self.details.length, VIEW + self.details.slots], dim=-1)
        return body, known, seen, seen[..., VIEW:] > 0.5
