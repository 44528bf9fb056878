"""The mixture head: a density over all tokens of one keyframe at once (docs/method.md, stage 2).

Data contract: `state` [..., H] is what the planner knows of a shot, `tokens` [..., T*D] its keyframe's tokens, flat.
`groups: 1` is the paper's joint mixture: k components, each with a mean and a diagonal deviation over all dimensions.
With more groups the dimensions are an ordered chain of small groups, each a mixture of its own given the groups before
it: a diagonal mixture draws independent details independently and commits to none; the chain commits to each in turn.

The head works in coordinates of its own: an orthogonal `basis` and a `scale` per dimension (both fitted to the training
tokens, or identity), so that the first groups hold what varies most. Densities are reported for the tokens themselves.
"""

import math
from collections.abc import Iterator

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from ..errors import MovieDreamerError

UNIT = math.log(math.e - 1)  # softplus(UNIT) = 1: deviations start at 1
LOG_TAU = math.log(2 * math.pi)


class MixtureHead(nn.Module):
    """Density over `dims` numbers given a state of width `hidden`.

    `components` Gaussians in each of `groups` groups; `sigma_floor` is the least deviation, in units of the tokens;
    `width` is the size of each group's small MLP (unused by a single group, which is linear in the state).
    """

    basis: Tensor
    scale: Tensor
    earlier: Tensor

    def __init__(
        self,
        hidden: int,
        dims: int,
        components: int = 16,
        groups: int = 1,
        sigma_floor: float = 0.1,
        width: int = 48,
    ):
        super().__init__()
        if groups < 1 or dims % groups:
            raise MovieDreamerError(
                f"planner head: got {groups} groups for {dims} token dimensions; expected a number that divides {dims}"
            )
        self.dims, self.components, self.groups, self.sigma_floor = dims, components, groups, sigma_floor
        self.size = dims // groups
        self.width = width if groups > 1 else hidden
        self.out_weight = nn.Parameter(torch.empty(groups, self.width, components * (2 * self.size + 1)))
        self.out_bias = nn.Parameter(torch.empty(groups, components * (2 * self.size + 1)))
        if groups > 1:
            self.inward = nn.Linear(hidden, groups * width)
            self.before = nn.Parameter(torch.empty(dims, groups, width))
            self.inner_weight = nn.Parameter(torch.empty(groups, width, width))
            self.inner_bias = nn.Parameter(torch.empty(groups, width))
            earlier = torch.arange(dims)[:, None] // self.size < torch.arange(groups)[None, :]
            self.register_buffer("earlier", earlier[..., None].float(), persistent=False)
        self.register_buffer("basis", torch.eye(dims))
        self.register_buffer("scale", torch.ones(dims))
        self._initialise()

    @torch.no_grad()
    def _initialise(self) -> None:
        """Deviations near 1, means spread out so that components can specialise, equal weights."""
        k, g = self.components, self.size
        nn.init.normal_(self.out_weight, std=0.5 / math.sqrt(self.width))
        self.out_weight[..., :k] *= 0.1
        nn.init.normal_(self.out_bias, std=0.5)
        self.out_bias[:, :k] = 0
        self.out_bias[:, k + k * g :] = UNIT
        if self.groups > 1:
            nn.init.normal_(self.before, std=1 / math.sqrt(self.dims))
            nn.init.normal_(self.inner_weight, std=1 / math.sqrt(self.width))
            nn.init.zeros_(self.inner_bias)

    @property
    def fitted(self) -> bool:
        """Whether its coordinates are those of some tokens, and not still the tokens' own."""
        return not torch.equal(self.basis, torch.eye(self.dims, dtype=self.basis.dtype, device=self.basis.device))

    @torch.no_grad()
    def fit_basis(self, tokens: Tensor) -> None:
        """Take the principal axes of tokens [N, dims] as the head's coordinates, what varies most first."""
        centred = tokens.double() - tokens.double().mean(0)
        variance, axes = torch.linalg.eigh(centred.T @ centred / max(1, len(tokens) - 1))
        self.basis.copy_(axes.flip(1).T)
        self.scale.copy_(variance.flip(0).clamp_min(self.sigma_floor**2).sqrt())

    def log_prob(self, state: Tensor, tokens: Tensor) -> Tensor:
        """Log-density [...] in nats of tokens [..., dims]; divide by `dims` for nats per dimension."""
        with _full_precision(state):
            z = self._inward(tokens.float())
            return self._density(self._mixtures(state.float(), z), z)

    def score(self, state: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """(log-density [...], expectation [..., dims]); a later group's is given the true groups before it."""
        with _full_precision(state):
            z = self._inward(tokens.float())
            parameters = self._mixtures(state.float(), z)
            logits, means, _ = parameters
            expected = (logits.softmax(-1)[..., None] * means).sum(-2).flatten(-2)
            return self._density(parameters, z), self._outward(expected)

    @torch.no_grad()
    def sample(self, state: Tensor, *, temperature: float, generator: Generator) -> Tensor:
        """One draw [..., dims] for each state [..., H], with noise from a CPU generator.

        Temperature scales deviations and divides the components' logits: 1 is the model's own density, 0 its top mode.
        """
        if temperature <= 0:
            return self.top_mode(state)
        return self.draw(state, temperature, generator)

    @torch.no_grad()
    def draw(self, state: Tensor, temperature: float, generator: Generator | None = None) -> Tensor:
        """As `sample`, for a temperature above 0; without a generator the noise is torch's own."""
        lead = state.shape[:-1]
        picks = torch.rand(*lead, self.groups, 1, generator=generator).to(state.device)
        noise = torch.randn(*lead, self.dims, generator=generator).to(state.device)
        z = state.new_zeros(*lead, self.dims, dtype=torch.float32)
        for group, (logits, means, sigmas) in self._chain(state, z):
            # A component by inverting its cumulative distribution, then a Gaussian draw from it.
            cumulative = (logits / temperature).softmax(-1).cumsum(-1)  # [..., k]
            chosen = (cumulative < picks[..., group, :] * cumulative[..., -1:]).sum(-1).clamp_max(self.components - 1)
            drawn = (
                _pick(means, chosen) + temperature * _pick(sigmas, chosen) * noise[..., self._span(group)]
            )  # [..., g]
            z[..., self._span(group)] = drawn
        return self._outward(z)

    @torch.no_grad()
    def top_mode(self, state: Tensor) -> Tensor:
        """The mean [..., dims] of the weightiest component for each state [..., H], group after group."""
        z = state.new_zeros(*state.shape[:-1], self.dims, dtype=torch.float32)
        for group, (logits, means, _) in self._chain(state, z):
            z[..., self._span(group)] = _pick(means, logits.argmax(-1))
        return self._outward(z)

    @torch.no_grad()
    def mean(self, state: Tensor) -> Tensor:
        """The expectation [..., dims] for each state [..., H]. In a chain each group is given the means before it."""
        z = state.new_zeros(*state.shape[:-1], self.dims, dtype=torch.float32)
        for group, (logits, means, _) in self._chain(state, z):
            z[..., self._span(group)] = (logits.softmax(-1)[..., None] * means).sum(-2)
        return self._outward(z)

    def _span(self, group: int) -> slice:
        return slice(group * self.size, (group + 1) * self.size)

    def _inward(self, tokens: Tensor) -> Tensor:
        return tokens @ self.basis.T / self.scale

    def _outward(self, z: Tensor) -> Tensor:
        return (z * self.scale) @ self.basis

    def _mixtures(self, state: Tensor, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """All groups' (logits [..., G, k], means [..., G, k, g], deviations [..., G, k, g]), given the true z."""
        if self.groups == 1:
            found = state[..., None, :]
        else:
            inputs = self.inward(state) + z @ (self.before * self.earlier).flatten(1)
            found = F.silu(inputs.unflatten(-1, (self.groups, self.width)))
            inner = torch.einsum("...gw,gwv->...gv", found, self.inner_weight) + self.inner_bias
            found = found + F.silu(inner)
        return self._split(torch.einsum("...gw,gwo->...go", found, self.out_weight) + self.out_bias, slice(None))

    def _chain(self, state: Tensor, z: Tensor) -> Iterator[tuple[int, tuple[Tensor, Tensor, Tensor]]]:
        """Each group's parameters in turn; the caller fills z with its choice before it asks for the next."""
        found = state.float()
        inputs = self.inward(found).unflatten(-1, (self.groups, self.width)) if self.groups > 1 else None
        for group in range(self.groups):
            if inputs is not None:
                known = group * self.size
                found = F.silu(inputs[..., group, :] + z[..., :known] @ self.before[:known, group])
                found = found + F.silu(found @ self.inner_weight[group] + self.inner_bias[group])
            yield group, self._split(found @ self.out_weight[group] + self.out_bias[group], group)

    def _split(self, out: Tensor, group: int | slice) -> tuple[Tensor, Tensor, Tensor]:
        k, g = self.components, self.size
        logits, means, raw = out.split([k, k * g, k * g], dim=-1)
        floor = (self.sigma_floor / self.scale).view(self.groups, 1, g)[group]
        return logits, means.unflatten(-1, (k, g)), floor + F.softplus(raw.unflatten(-1, (k, g)))

    def _density(self, parameters: tuple[Tensor, Tensor, Tensor], z: Tensor) -> Tensor:
        logits, means, sigmas = parameters
        # The paper's mixture of Gaussians, as its log-likelihood: log sum_k softmax(logits)_k N(z; mean_k, sigma_k),
        # summed over the groups; the last term is the change of variables from z back to tokens.
        error = (z.unflatten(-1, (self.groups, 1, self.size)) - means) / sigmas  # [..., G, k, g]
        each = -0.5 * (error.square() + LOG_TAU).sum(-1) - sigmas.log().sum(-1)  # [..., G, k]
        return (logits.log_softmax(-1) + each).logsumexp(-1).sum(-1) - self.scale.log().sum()


def _pick(values: Tensor, chosen: Tensor) -> Tensor:
    """values [..., k, g] of the chosen [...] component: [..., g]."""
    return values.gather(-2, chosen[..., None, None].expand(*chosen.shape, 1, values.shape[-1])).squeeze(-2)


def _full_precision(state: Tensor) -> torch.autocast:
    """Densities of hundreds of dimensions need float32, whatever the rest of a training runs in."""
    return torch.autocast(state.device.type, enabled=False)
