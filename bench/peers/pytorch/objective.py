"""The training loss of a Strata configuration: distortion, weighted rates, spectral term."""

import math

import torch

LEAST_SQUARED_LENGTH = 1e-30


def shares(config):
    """Target share of the information of every group, or None without a schedule."""
    schedule = config["objective"]["informationSchedule"]
    if not schedule:
        return None
    count = sum(level["stochasticLayers"] for level in config["model"]["levels"])
    raw = [schedule["scale"] ** (i / max(count - 1, 1)) + schedule["shift"] for i in range(count)]
    return torch.tensor(raw) / sum(raw)


@torch.no_grad()
def rate_weights(rates, targets):
    """Weights of the rates [L, N] under the information schedule."""
    position = rates / (0.667 * targets[:, None] * rates.sum(0)).clamp(min=1e-30)
    return torch.where(position < 1, position, (position - 1).clamp(1, 2)).clamp(min=0.1)


def gaussian_distortion(mean, log_variance, images, sigma):
    energy = (images - mean).square() + sigma**2
    return 0.5 * (energy * torch.exp(-log_variance) + log_variance - (2 * math.log(sigma) + 1)).sum((1, 2, 3))


def normalise(x, otherwise):
    squared_length = x.dot(x)
    length = squared_length.clamp(min=LEAST_SQUARED_LENGTH).sqrt()
    return torch.where(squared_length < LEAST_SQUARED_LENGTH, otherwise, x / length)


def spectral_norm(weight, u):
    """One step of power iteration: the singular value, and the vector for the next step."""
    rows = weight if weight.is_contiguous() else weight.permute(0, 2, 3, 1)  # whichever order is a view
    matrix = rows.flatten(1)
    with torch.no_grad():
        v = normalise(u @ matrix, torch.zeros(()))
        after = normalise(matrix @ v, u)
    return (matrix @ v).dot(after), after


class Objective:
    def __init__(self, network, config, vectors):
        levels = config["model"]["levels"]
        resolutions = [level["resolution"] for level in levels for _ in range(level["stochasticLayers"])]
        self.network = network
        self.sigma = config["objective"]["sigma"]
        self.spectral_weight = config["objective"]["spectralWeight"]
        self.targets = shares(config)
        self.vectors = vectors  # two a group: of prior and posterior
        self.convolutions = [
            (block.conv2.conv, resolution)
            for group, resolution in zip(network.groups(), resolutions)
            for block in (group.prior_block, group.posterior_block)
        ]

    def spectral(self):
        """The spectral term, and its vectors advanced."""
        found = [
            (resolution * value, after)
            for (layer, resolution), u in zip(self.convolutions, self.vectors)
            for value, after in [spectral_norm(layer.weight, u)]
        ]
        return torch.stack([term for term, _ in found]).sum(), [after for _, after in found]

    def __call__(self, images, noise, labels, dropped_labels):
        """The loss in nats, and the spectral vectors for after the update."""
        mean, log_variance, rates = self.network(noise, dropped_labels, images, labels)
        weighted = (rates if self.targets is None else rate_weights(rates, self.targets) * rates).sum(0)
        distortion = gaussian_distortion(mean, log_variance, images, self.sigma)
        with torch.autocast(mean.device.type, enabled=False):
            spectral, vectors = self.spectral()
        return (distortion + weighted).mean() + self.spectral_weight * spectral, vectors
