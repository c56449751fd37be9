"""The network of a Strata configuration in PyTorch. Modules carry the names of `src/model/authors-names.ts`."""

import math

import torch
from torch import nn
from torch.nn import functional as F

STEEPNESS = 0.693  # the paper's ln 2


def conv(channels_in, channels_out, kernel, bias=True):
    return nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, bias=bias)


class Wrapped(nn.Module):
    """A convolution under one more name, as in prior and posterior blocks."""

    def __init__(self, convolution):
        super().__init__()
        self.conv = convolution

    def forward(self, x):
        return self.conv(x)


class Block(nn.Module):
    """conv2(swish(conv1(swish(x + class bias)))), plus x where it is residual."""

    def __init__(self, channels_in, width, channels_out, resolution, classes=0, residual=True):
        super().__init__()
        kernel = 3 if resolution >= 4 else 1
        self.residual = residual
        self.conv1 = conv(channels_in, width, kernel)
        second = conv(width, channels_out, kernel)
        self.conv2 = second if residual else Wrapped(second)
        self.conditional = classes > 0
        if self.conditional:
            self.label_emb = nn.Embedding(classes + 1, width // 4)
            self.label_proj = nn.Linear(width // 4, channels_in)

    def forward(self, x, labels=None):
        inside = x
        if self.conditional:
            inside = x + self.label_proj(self.label_emb(labels))[:, :, None, None]
        inside = self.conv2(F.silu(self.conv1(F.silu(inside))))
        return x + inside if self.residual else inside


class Attention(nn.Module):
    """Single-head attention over pixels, with a residual connection."""

    def __init__(self, channels):
        super().__init__()
        self.qproj = nn.Linear(channels, channels)
        self.outproj = nn.Linear(channels, channels)

    def forward(self, x, labels=None):
        n, c, h, w = x.shape
        tokens = x.flatten(2).transpose(1, 2)
        scores = self.qproj(tokens) @ tokens.transpose(1, 2) / math.sqrt(c)
        mixed = self.outproj(torch.softmax(scores, -1) @ tokens)
        return x + mixed.transpose(1, 2).reshape(n, c, h, w)


class Resampling(nn.Module):
    """Between levels: a 3x3 convolution where the number of channels changes, pooling before it or repetition."""

    def __init__(self, channels_in, channels_out, resize):
        super().__init__()
        self.resize = resize
        self.conv_layer = nn.Identity() if channels_in == channels_out else conv(channels_in, channels_out, 3)

    def forward(self, x):
        return self.conv_layer(self.resize(x))


class StochasticLayer(nn.Module):
    """h <- shared(h + W z + residual), with (prior, residual) from the prior block."""

    def __init__(self, channels, latents, resolution, classes):
        super().__init__()
        self.sizes = [latents, latents, channels]
        self.prior_block = Block(channels, channels, 2 * latents + channels, resolution, classes, residual=False)
        self.posterior_block = Block(2 * channels, channels, 2 * latents, resolution, classes, residual=False)
        self.zproj = conv(latents, channels, 1, bias=False)
        self.shared_block = Block(channels, channels, channels, resolution, classes)

    def forward(self, hidden, noise, labels, activation=None, seen_labels=None):
        """With an activation z comes from the posterior and the group's rate is returned, without from the prior."""
        prior_mean, raw, residual = self.prior_block(hidden, labels).split(self.sizes, 1)
        prior_variance = F.softplus(raw, beta=STEEPNESS)
        mean, variance, rate = prior_mean, prior_variance, None
        if activation is not None:
            mean, raw = self.posterior_block(torch.cat([hidden, activation], 1), seen_labels).chunk(2, 1)
            variance = F.softplus(raw, beta=STEEPNESS)
            distance = (variance + (mean - prior_mean).square()) / prior_variance
            rate = 0.5 * (torch.log(prior_variance / variance) + distance - 1).sum((1, 2, 3))
        z = torch.addcmul(mean, variance.sqrt(), noise)
        return self.shared_block(hidden + self.zproj(z) + residual, labels), rate


def attention_places(length, count):
    return sorted({round(length / (count + 1) * (i + 1)) for i in range(count)})


class Level(nn.Module):
    """Blocks, attention layers and resampling in the order in which they run."""

    def __init__(self, layers, attention_after, channels, resampling):
        super().__init__()
        self.layer_list = nn.ModuleList()
        for index, layer in enumerate(layers):
            self.layer_list.append(layer)
            if index in attention_after:
                self.layer_list.append(Attention(channels))
        if resampling is not None:
            self.layer_list.append(resampling)


class Encoder(nn.Module):
    def __init__(self, model):
        super().__init__()
        levels = model["levels"][::-1]
        self.in_proj = conv(3, levels[0]["channels"], 3)
        self.encoder_levels = nn.ModuleList()
        for level, below in zip(levels, [*levels[1:], None]):
            channels, resolution, blocks = level["channels"], level["resolution"], level["encoderBlocks"]
            resampling = None
            if below:
                pool = nn.AvgPool2d(resolution // below["resolution"])
                resampling = Resampling(channels, below["channels"], pool)
            layers = [Block(channels, channels, channels, resolution, model["classes"]) for _ in range(blocks)]
            after = attention_places(blocks, level["attention"])
            self.encoder_levels.append(Level(layers, after, channels, resampling))

    def forward(self, images, labels):
        """Activations of every level, lowest resolution first."""
        x = self.in_proj(images)
        activations = []
        for level in self.encoder_levels:
            resampling = None
            for layer in level.layer_list:
                if isinstance(layer, Resampling):
                    resampling = layer
                else:
                    x = layer(x, labels)
            activations.insert(0, x)
            if resampling is not None:
                x = resampling(x)
        return activations


class HierarchicalVae(nn.Module):
    def __init__(self, config):
        super().__init__()
        model = config["model"]
        if model.get("superResolution") or config["objective"]["output"] != "gaussian":
            raise SystemExit("This peer knows base models with a Gaussian output only.")
        levels, classes, latents = model["levels"], model["classes"], model["latentChannels"]
        lowest, highest = levels[0], levels[-1]
        self.encoder = Encoder(model)
        self.initial_x = nn.Parameter(torch.zeros(1, lowest["channels"], lowest["resolution"], lowest["resolution"]))
        self.layer_list = nn.ModuleList()
        for level, above in zip(levels, [*levels[1:], None]):
            channels, resolution, count = level["channels"], level["resolution"], level["stochasticLayers"]
            resampling = None
            if above:
                repeat = nn.UpsamplingNearest2d(scale_factor=above["resolution"] // resolution)
                resampling = Resampling(channels, above["channels"], repeat)
            layers = [StochasticLayer(channels, latents, resolution, classes) for _ in range(count)]
            after = [place - 1 for place in attention_places(count, level["attention"])]
            self.layer_list.append(Level(layers, after, channels, resampling))
        width, size = highest["channels"], highest["resolution"]
        self.output_blocks = nn.Sequential(*[Block(width, width, width, size) for _ in range(model["finalBlocks"])])
        self.outproj = conv(width, 6, 1)

    def groups(self):
        """Every stochastic layer with the resolution of its level, in order."""
        return [
            layer for level in self.layer_list for layer in level.layer_list if isinstance(layer, StochasticLayer)
        ]

    def forward(self, noise, labels=None, images=None, seen_labels=None):
        """
        The top-down pass: mean and log-variance of the image, and the rates [L, N] where latents come from the
        posterior of images, which alone sees `seen_labels`.
        """
        activations = None if images is None else self.encoder(images, seen_labels)
        hidden = self.initial_x.expand(noise[0].shape[0], -1, -1, -1)
        draws = iter(noise)
        rates = []
        for index, level in enumerate(self.layer_list):
            for layer in level.layer_list:
                if isinstance(layer, StochasticLayer):
                    activation = None if activations is None else activations[index]
                    hidden, rate = layer(hidden, next(draws), labels, activation, seen_labels)
                    rates.append(rate)
                elif isinstance(layer, Attention):
                    hidden = layer(hidden)
                else:
                    hidden = layer(hidden)
        mean, log_variance = self.outproj(self.output_blocks(hidden)).chunk(2, 1)
        return mean, log_variance, None if activations is None else torch.stack(rates)
