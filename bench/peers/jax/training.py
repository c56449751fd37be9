"""The loss of a Strata configuration, and one update as Strata makes it: one jitted program whose state is donated."""

import math
from functools import partial

import jax
import jax.numpy as jnp

LEAST_SQUARED_LENGTH = 1e-30


def shares(config):
    """Target share of the information of every group, or None without a schedule."""
    schedule = config["objective"]["informationSchedule"]
    if not schedule:
        return None
    count = sum(level["stochasticLayers"] for level in config["model"]["levels"])
    raw = [schedule["scale"] ** (i / max(count - 1, 1)) + schedule["shift"] for i in range(count)]
    return jnp.array(raw) / sum(raw)


def rate_weights(rates, targets):
    """Weights of the rates [L, N] under the information schedule."""
    rates = jax.lax.stop_gradient(rates)
    position = rates / jnp.maximum(0.667 * targets[:, None] * rates.sum(0), 1e-30)
    return jnp.maximum(jnp.where(position < 1, position, jnp.clip(position - 1, 1, 2)), 0.1)


def gaussian_distortion(mean, log_variance, images, sigma):
    energy = (images - mean) ** 2 + sigma**2
    return 0.5 * (energy * jnp.exp(-log_variance) + log_variance - (2 * math.log(sigma) + 1)).sum((1, 2, 3))


def normalise(x, otherwise):
    squared_length = x @ x
    length = jnp.sqrt(jnp.maximum(squared_length, LEAST_SQUARED_LENGTH))
    return jnp.where(squared_length < LEAST_SQUARED_LENGTH, otherwise, x / length)


def spectral_norm(kernel, u):
    """One step of power iteration: the singular value, and the vector for the next step."""
    matrix = kernel.reshape(-1, kernel.shape[-1]).T
    fixed = jax.lax.stop_gradient(matrix)
    v = normalise(u @ fixed, 0.0)
    after = normalise(fixed @ v, u)
    return (matrix @ v) @ after, after


def loss_of(network, config, targets, parameters, vectors, images, noise, labels, dropped_labels):
    """The loss in nats, and the spectral vectors for after the update."""
    mean, log_variance, rates = network(parameters, noise, dropped_labels, images, labels)
    weighted = (rates if targets is None else rate_weights(rates, targets) * rates).sum(0)
    distortion = gaussian_distortion(mean, log_variance, images, config["objective"]["sigma"])
    found = [
        (resolution * value, after)
        for (name, resolution), u in zip(network.spectral_names(parameters), vectors)
        for value, after in [spectral_norm(parameters[name], u)]
    ]
    spectral = jnp.stack([term for term, _ in found]).sum()
    return (distortion + weighted).mean() + config["objective"]["spectralWeight"] * spectral, [u for _, u in found]


def learning_rate(optimizer, updates):
    start, high, low, warmup, decay = (
        optimizer[name] for name in ("startLearningRate", "maxLearningRate", "minLearningRate", "warmupSteps", "decaySteps")
    )
    t = jnp.minimum(updates, decay).astype(jnp.float32)
    cosine = low + (high - low) * (1 + jnp.cos(math.pi * t / decay)) / 2
    return jnp.minimum(start + (high - start) * t / warmup, cosine)


def initial_state(parameters, vectors):
    zeros = {name: jnp.zeros_like(value) for name, value in parameters.items()}
    return {
        "parameters": parameters,
        "ema": {name: value.copy() for name, value in parameters.items()},
        "first_moment": zeros,
        "infinity_norm": {name: value.copy() for name, value in zeros.items()},
        "vectors": vectors,
        "updates": jnp.zeros((), jnp.int32),
    }


def step_of(network, config):
    """(state, images, noise, labels, dropped labels) -> (state, loss, norm of the gradient)."""
    optimizer, training = config["optimizer"], config["training"]
    dimensions = 3 * config["model"]["resolution"] ** 2
    loss = partial(loss_of, network, config, shares(config))

    @partial(jax.jit, donate_argnums=0)
    def step(state, images, noise, labels, dropped_labels):
        arguments = (state["parameters"], state["vectors"], images, noise, labels, dropped_labels)
        (value, vectors), gradients = jax.value_and_grad(loss, has_aux=True)(*arguments)
        norm = jnp.sqrt(sum(jnp.vdot(gradient, gradient) for gradient in gradients.values()))
        updates = state["updates"]
        too_large = (updates >= 1000) & (norm / dimensions > optimizer["skipThreshold"])
        healthy = jnp.isfinite(norm) & ~too_large

        beta1, beta2, t = optimizer["beta1"], optimizer["beta2"], updates.astype(jnp.float32)
        step_size = learning_rate(optimizer, updates) / (1 - beta1 ** (t + 1))
        decay = jnp.minimum(training["emaDecay"], (1 + t) / (10 + t)) if training["emaWarmup"] else training["emaDecay"]
        after = {"parameters": {}, "ema": {}, "first_moment": {}, "infinity_norm": {}}
        for name, gradient in gradients.items():
            first = beta1 * state["first_moment"][name] + (1 - beta1) * gradient
            infinity = jnp.maximum(beta2 * state["infinity_norm"][name], jnp.abs(gradient) + optimizer["epsilon"])
            parameter = state["parameters"][name] - step_size * first / infinity
            after["first_moment"][name], after["infinity_norm"][name] = first, infinity
            after["parameters"][name] = parameter
            after["ema"][name] = decay * state["ema"][name] + (1 - decay) * parameter
        after |= {"vectors": vectors, "updates": updates + 1}
        return jax.tree.map(lambda new, old: jnp.where(healthy, new, old), after, state), value, norm

    return step
