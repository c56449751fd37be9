"""
A small diffusion model that knows classes: a U-Net that predicts v (Salimans and Ho 2022) under the cosine schedule, drawn from
in 50 steps of DDIM (Song, Meng and Ermon 2021) with classifier-free guidance (Ho and Salimans 2021).
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from blocks import Block, Up, conv, zero
from contest import CLASSES, RESOLUTION, Average, Images, compiled, draw, finish, learning_rate, train_for_time

BATCH, RATE, DROPPED = 32, 1e-3, 0.1
CHANNELS = [32, 64, 128]  # of 32x32, 16x16, 8x8
CONDITIONS, FREQUENCIES, HEADS = 128, 32, 4
STEPS, GUIDANCE = 50, (0, 1, 2)


class Attention(nn.Module):
    """Self-attention over pixels."""

    def __init__(self, channels):
        super().__init__()
        self.norm, self.inside, self.outside = nn.GroupNorm(8, channels), nn.Conv2d(channels, 3 * channels, 1), zero(nn.Conv2d(channels, channels, 1))

    def forward(self, x):
        n, c, h, w = x.shape
        query, key, value = self.inside(self.norm(x)).reshape(n, 3, HEADS, c // HEADS, h * w).transpose(-1, -2).unbind(1)
        mixed = F.scaled_dot_product_attention(query, key, value).transpose(-1, -2)
        return x + self.outside(mixed.reshape(n, c, h, w))


class UNet(nn.Module):
    """v of noisy images at times in [0, 1]; the label after the last is "none"."""

    def __init__(self):
        super().__init__()
        high, middle, low = CHANNELS
        self.classes = nn.Embedding(CLASSES + 1, CONDITIONS)
        self.times = nn.Sequential(nn.Linear(2 * FREQUENCIES, CONDITIONS), nn.SiLU(), nn.Linear(CONDITIONS, CONDITIONS))
        self.register_buffer("frequencies", torch.exp(math.log(1000) * torch.arange(FREQUENCIES) / FREQUENCIES))
        self.first, self.last = conv(3, high), nn.Sequential(nn.GroupNorm(8, high), nn.SiLU(), zero(conv(high, 3)))
        blocks = lambda *widths: nn.ModuleList([Block(i, o, CONDITIONS) for i, o in widths])  # noqa: E731
        self.down = nn.ModuleList([blocks((c, c), (c, c)) for c in CHANNELS])
        self.shrink = nn.ModuleList([conv(high, middle, 2), conv(middle, low, 2)])
        self.attention = Attention(low)
        self.grow = nn.ModuleList([Up(low, middle), Up(middle, high)])
        self.up = nn.ModuleList([blocks((2 * c, c), (c, c)) for c in (middle, high)])

    def forward(self, x, times, labels):
        angles = times[:, None] * self.frequencies
        conditions = F.silu(self.times(torch.cat([angles.sin(), angles.cos()], 1)) + self.classes(labels))
        x, kept = self.first(x), []
        for level, (first, second) in enumerate(self.down):
            x = self.shrink[level - 1](x) if level > 0 else x
            x = first(x, conditions)
            x = self.attention(x) if level == 2 else x
            x = second(x, conditions)
            kept.append(x)
        for grow, (first, second), skip in zip(self.grow, self.up, kept[1::-1]):
            x = second(first(torch.cat([grow(x), skip], 1), conditions), conditions)
        return self.last(x)


def signal_and_noise(times):
    """The cosine schedule: shares of image and noise whose squares add up to 1."""
    return torch.cos(0.5 * math.pi * times), torch.sin(0.5 * math.pi * times)


def ddim(network, labels, weight):
    """
    Deterministic steps from noise to images, each to what v says of image and noise:

        v = v(x | class) + w (v(x | class) - v(x)),   image = a x - s v,   noise = s x + a v,   x' = a' image + s' noise
    """
    count = len(labels)
    x = torch.randn(count, 3, RESOLUTION, RESOLUTION).contiguous(memory_format=torch.channels_last)
    none = torch.full_like(labels, CLASSES)
    times = torch.linspace(1, 0, STEPS + 1)
    for now, then in zip(times[:-1], times[1:]):
        if weight == 0:
            v = network(x, now.expand(count), labels)
        else:
            both = network(torch.cat([x, x]), now.expand(2 * count), torch.cat([labels, none]))
            with_class, without = both.chunk(2)
            v = with_class + weight * (with_class - without)
        (a, s), (a_then, s_then) = signal_and_noise(now), signal_and_noise(then)
        image = (a * x - s * v).clamp(-1, 1)
        noise = (x - a * image) / s
        x = a_then * image + s_then * noise
    return x


def main():
    images = Images()
    network = UNet().to(memory_format=torch.channels_last)
    average = Average(network)
    forward = compiled(network)
    optimizer = torch.optim.Adam(network.parameters(), RATE, betas=(0.9, 0.99))

    def step(index, share):
        batch, labels = images.batch(BATCH)
        labels = torch.where(torch.rand(BATCH) < DROPPED, CLASSES, labels)
        times, noise = torch.rand(BATCH), torch.randn_like(batch)
        a, s = (each[:, None, None, None] for each in signal_and_noise(times))
        loss = (forward(a * batch + s * noise, times, labels) - (a * noise - s * batch)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.param_groups[0]["lr"] = learning_rate(RATE, index, share)
        optimizer.step()
        average.follow(index)
        return loss.item()

    trained = train_for_time(step, BATCH)
    average.take_over()
    network.eval()
    for weight in GUIDANCE:
        draw(f"guidance {weight}", lambda labels: ddim(forward, labels, weight))
    finish(network, trained)


main()
