"""
The network of a Strata configuration in plain JAX: functions of a dictionary of weights under the names that the files of
`src/model` give for PyTorch. Images are [N, H, W, C] and kernels [H, W, in, out], as XLA likes them. Products take factors of
`dtype`; latents, rates and outputs are float32.
"""

import math

import jax
import jax.numpy as jnp
from jax import lax

STEEPNESS = 0.693  # the paper's ln 2


def by_layout(name, weight):
    """A weight of PyTorch's in the layout of this file."""
    if weight.ndim == 4:
        return weight.transpose(0, 2, 3, 1) if name == "initial_x" else weight.transpose(2, 3, 1, 0)
    return weight.T if weight.ndim == 2 and "label_emb" not in name else weight


def softplus(x):
    return jax.nn.softplus(STEEPNESS * x) / STEEPNESS


def attention_places(length, count):
    return sorted({round(length / (count + 1) * (i + 1)) for i in range(count)})


class Network:
    """The passes of one configuration. Weights come first in every call, so that they can be differentiated and donated."""

    def __init__(self, model, dtype):
        self.model, self.dtype = model, dtype

    def conv(self, p, name, x):
        kernel = p[f"{name}.weight"].astype(self.dtype)
        layout = ("NHWC", "HWIO", "NHWC")
        y = lax.conv_general_dilated(x.astype(self.dtype), kernel, (1, 1), "SAME", dimension_numbers=layout)
        bias = p.get(f"{name}.bias")
        return y if bias is None else y + bias.astype(self.dtype)

    def dense(self, p, name, x):
        return x.astype(self.dtype) @ p[f"{name}.weight"].astype(self.dtype) + p[f"{name}.bias"].astype(self.dtype)

    def block(self, p, name, x, labels, residual=True):
        """conv2(swish(conv1(swish(x + class bias)))), plus x where it is residual."""
        inside = x
        if f"{name}.label_emb.weight" in p:
            inside = x + self.dense(p, f"{name}.label_proj", p[f"{name}.label_emb.weight"][labels])[:, None, None, :]
        inside = self.conv(p, f"{name}.conv1", jax.nn.silu(inside))
        inside = self.conv(p, f"{name}.conv2" if residual else f"{name}.conv2.conv", jax.nn.silu(inside))
        return x + inside if residual else inside

    def attention(self, p, name, x):
        n, h, w, c = x.shape
        tokens = x.reshape(n, h * w, c)
        scores = self.dense(p, f"{name}.qproj", tokens) @ tokens.swapaxes(1, 2) / math.sqrt(c)
        mixed = jax.nn.softmax(scores.astype(jnp.float32), -1).astype(self.dtype) @ tokens
        return x + self.dense(p, f"{name}.outproj", mixed).reshape(n, h, w, c)

    def resampling(self, p, name, x):
        """A convolution where the number of channels changes."""
        return self.conv(p, f"{name}.conv_layer", x) if f"{name}.conv_layer.weight" in p else x

    def encode(self, p, images, labels):
        """Activations of every level, lowest resolution first."""
        levels = self.model["levels"][::-1]
        x = self.conv(p, "encoder.in_proj", images)
        activations = []
        for index, level in enumerate(levels):
            places = attention_places(level["encoderBlocks"], level["attention"])
            names = (f"encoder.encoder_levels.{index}.layer_list.{i}" for i in range(1000))
            for layer in range(level["encoderBlocks"]):
                x = self.block(p, next(names), x, labels)
                if layer in places:
                    x = self.attention(p, next(names), x)
            activations.insert(0, x)
            if index + 1 < len(levels):
                factor = level["resolution"] // levels[index + 1]["resolution"]
                n, h, w, c = x.shape
                x = x.reshape(n, h // factor, factor, w // factor, factor, c).mean((2, 4))
                x = self.resampling(p, next(names), x)
        return activations

    def stochastic_layer(self, p, name, hidden, noise, labels, activation, seen_labels):
        """With an activation z comes from the posterior and the group's rate is returned, without from the prior."""
        z = self.model["latentChannels"]
        statistics = self.block(p, f"{name}.prior_block", hidden, labels, residual=False)
        mean, raw, residual = jnp.split(statistics, [z, 2 * z], -1)
        prior_mean, prior_variance = mean.astype(jnp.float32), softplus(raw.astype(jnp.float32))
        mean, variance, rate = prior_mean, prior_variance, None
        if activation is not None:
            both = jnp.concatenate([hidden, activation], -1)
            seen = self.block(p, f"{name}.posterior_block", both, seen_labels, residual=False).astype(jnp.float32)
            mean, raw = jnp.split(seen, 2, -1)
            variance = softplus(raw)
            distance = (variance + (mean - prior_mean) ** 2) / prior_variance
            rate = 0.5 * (jnp.log(prior_variance / variance) + distance - 1).sum((1, 2, 3))
        latent = mean + jnp.sqrt(variance) * noise
        hidden = hidden + self.conv(p, f"{name}.zproj", latent) + residual
        return self.block(p, f"{name}.shared_block", hidden, labels), rate

    def __call__(self, p, noise, labels=None, images=None, seen_labels=None):
        """
        The top-down pass: mean and log-variance of the image, and the rates [L, N] where latents come from the posterior of
        images, which alone sees `seen_labels`.
        """
        levels = self.model["levels"]
        activations = None if images is None else self.encode(p, images, seen_labels)
        hidden = jnp.repeat(p["initial_x"].astype(self.dtype), noise[0].shape[0], 0)
        draws = iter(noise)
        rates = []
        for index, level in enumerate(levels):
            after = [place - 1 for place in attention_places(level["stochasticLayers"], level["attention"])]
            names = (f"layer_list.{index}.layer_list.{i}" for i in range(1000))
            for layer in range(level["stochasticLayers"]):
                activation = None if activations is None else activations[index]
                name = next(names)
                hidden, rate = self.stochastic_layer(p, name, hidden, next(draws), labels, activation, seen_labels)
                rates.append(rate)
                if layer in after:
                    hidden = self.attention(p, next(names), hidden)
            if index + 1 < len(levels):
                factor = levels[index + 1]["resolution"] // level["resolution"]
                hidden = jnp.repeat(jnp.repeat(hidden, factor, 1), factor, 2)
                hidden = self.resampling(p, next(names), hidden)
        for index in range(self.model["finalBlocks"]):
            hidden = self.block(p, f"output_blocks.{index}", hidden, None)
        output = self.conv(p, "outproj", hidden).astype(jnp.float32)
        mean, log_variance = jnp.split(output, 2, -1)
        return mean, log_variance, None if activations is None else jnp.stack(rates)

    def spectral_names(self, p):
        """Kernels under the spectral term with their level's resolution: prior and posterior of every group, in order."""
        found = []
        for index, level in enumerate(self.model["levels"]):
            inside = [f"layer_list.{index}.layer_list.{i}" for i in range(1000)]
            layers = [name for name in inside if f"{name}.zproj.weight" in p]
            found += [
                (f"{name}.{kind}_block.conv2.conv.weight", level["resolution"])
                for name in layers
                for kind in ("prior", "posterior")
            ]
        return found
