"""The network in JAX: the same sums as services/redaction/tagger/network.py, with gradients.

word:   embedding rows summed (E) → ReLU → C                      (kept per surface form at run time)
token:  word + bits · W + chunk embedding → ReLU
layers: h + ReLU(convolution(h)), one per (width, dilation)
output: softmax over `LABELS`
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from services.redaction.tagger.bits import BITS
from services.redaction.tagger.features import CHUNK_BUCKETS
from training.tagger.corpus import LABELS

Params = dict[str, jax.Array]


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a network; `layers` are (width, dilation)."""

    rows: int
    embedding: int = 64
    channels: int = 96
    layers: tuple[tuple[int, int], ...] = ((5, 1), (5, 1), (5, 4))


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a network is trained."""

    epochs: int = 20
    rate: float = 0.003
    final_rate: float = 0.0001
    warm_up: int = 100
    dropout: float = 0.2
    positive_weight: float = 1.6
    """Loss weight of identifying tokens: a leak costs more than a word too many."""
    average: float = 0.998
    """Decay of the running mean of the weights, which is what ships."""
    decay: float = 0.02
    smoothing: float = 0.02
    seed: int = 1


def initial(shape: Shape, seed: int) -> Params:
    """Random weights; row 0 of the embedding is the empty row and stays zero."""
    rng = np.random.default_rng(seed)

    def normal(rows: int, columns: int, scale: float) -> jax.Array:
        return jnp.asarray(rng.normal(0.0, scale, (rows, columns)), dtype=jnp.float32)

    embedding, channels = shape.embedding, shape.channels
    params = {
        "embedding": normal(shape.rows, embedding, 0.15).at[0].set(0.0),
        "embedding_bias": jnp.zeros(embedding),
        "word": normal(embedding, channels, (2.0 / embedding) ** 0.5),
        "bits": normal(BITS, channels, 0.2),
        "chunk": normal(CHUNK_BUCKETS, channels, 0.1).at[0].set(0.0),
        "token_bias": jnp.zeros(channels),
        "output": normal(channels, len(LABELS), (1.0 / channels) ** 0.5),
        "output_bias": jnp.zeros(len(LABELS)),
    }
    for at, (width, _) in enumerate(shape.layers):
        params[f"layer{at}"] = normal(width * channels, channels, (1.0 / (width * channels)) ** 0.5)
        params[f"layer{at}_bias"] = jnp.zeros(channels)
    return params


def _drop(h: jax.Array, key: jax.Array | None, share: float) -> jax.Array:
    if key is None or share == 0.0:
        return h
    return jnp.where(jax.random.bernoulli(key, 1.0 - share, h.shape), h / (1.0 - share), 0.0)


def logits(params: Params, shape: Shape, inputs: Params, key: jax.Array | None, dropout: float) -> jax.Array:
    """(TOKENS, labels)."""
    keys: list[Any] = [None] * (len(shape.layers) + 2)
    if key is not None:
        keys = list(jax.random.split(key, len(keys)))
    embedded = params["embedding"][inputs["rows"]].sum(axis=1) + params["embedding_bias"]
    words = _drop(jax.nn.relu(embedded), keys[0], dropout) @ params["word"]
    bits = inputs["bits"].astype(jnp.float32)
    h = words[inputs["form_of"]] + bits @ params["bits"] + params["chunk"][inputs["chunks"]] + params["token_bias"]
    mask = inputs["mask"][:, None]
    h = jax.nn.relu(h) * mask
    for at, (width, dilation) in enumerate(shape.layers):
        reach = (width // 2) * dilation
        padded = jnp.pad(_drop(h, keys[at + 1], dropout), ((reach, reach), (0, 0)))
        wide = jnp.concatenate([padded[i * dilation : i * dilation + h.shape[0]] for i in range(width)], axis=1)
        h = (h + jax.nn.relu(wide @ params[f"layer{at}"] + params[f"layer{at}_bias"])) * mask
    return _drop(h, keys[-1], dropout) @ params["output"] + params["output_bias"]


def loss(params: Params, shape: Shape, plan: Schedule, inputs: Params, key: jax.Array) -> jax.Array:
    """Mean weighted cross-entropy with label smoothing."""
    scores = jax.nn.log_softmax(logits(params, shape, inputs, key, plan.dropout))
    picked = jnp.take_along_axis(scores, inputs["labels"][:, None], axis=1)[:, 0]
    smoothed = (1.0 - plan.smoothing) * picked + plan.smoothing * scores.mean(axis=1)
    weights = inputs["mask"] * inputs["weights"] * jnp.where(inputs["labels"] > 0, plan.positive_weight, 1.0)
    return -(smoothed * weights).sum() / jnp.maximum(inputs["mask"].sum(), 1.0)


State = dict[str, Params]


def begin(shape: Shape, seed: int) -> State:
    """Weights, both moments of Adam and the running mean."""
    params = initial(shape, seed)

    def copies(factor: float) -> Params:
        return {name: value * factor for name, value in params.items()}

    return {"now": params, "first": copies(0.0), "second": copies(0.0), "mean": copies(1.0)}


@partial(jax.jit, static_argnames=("shape", "plan", "total"), donate_argnums=(0,))
def step(
    state: State, *, shape: Shape, plan: Schedule, total: int, at: jax.Array, inputs: Params, key: jax.Array
) -> tuple[State, jax.Array]:
    """One step of AdamW on one batch, with a warm-up and a cosine to the final rate."""
    value, gradient = jax.value_and_grad(loss)(state["now"], shape, plan, inputs, key)
    norm = jnp.sqrt(sum(jnp.sum(g * g) for g in gradient.values()))
    scale = jnp.minimum(1.0, 1.0 / (norm + 1e-9))
    progress = jnp.clip((at - plan.warm_up) / max(1, total - plan.warm_up), 0.0, 1.0)
    cosine = plan.final_rate + (plan.rate - plan.final_rate) * 0.5 * (1 + jnp.cos(jnp.pi * progress))
    rate = cosine * jnp.minimum(1.0, (at + 1) / plan.warm_up)
    out: State = {"now": {}, "first": {}, "second": {}, "mean": {}}
    keep = jnp.minimum(plan.average, (at + 1.0) / (at + 10.0))
    for name, raw in gradient.items():
        g = raw * scale
        first = 0.9 * state["first"][name] + 0.1 * g
        second = 0.99 * state["second"][name] + 0.01 * g * g
        step_size = (first / (1 - 0.9 ** (at + 1))) / (jnp.sqrt(second / (1 - 0.99 ** (at + 1))) + 1e-8)
        weight = state["now"][name]
        decay = 0.0 if name.endswith("bias") else plan.decay
        new = weight - rate * (step_size + decay * weight)
        if name in {"embedding", "chunk"}:
            new = new.at[0].set(0.0)
        out["now"][name] = new
        out["first"][name], out["second"][name] = first, second
        out["mean"][name] = keep * state["mean"][name] + (1 - keep) * new
    return out, value


@partial(jax.jit, static_argnames=("shape",))
def probabilities(params: Params, shape: Shape, inputs: Params) -> jax.Array:
    """(TOKENS, labels), no dropout."""
    return jax.nn.softmax(logits(params, shape, inputs, None, 0.0))
