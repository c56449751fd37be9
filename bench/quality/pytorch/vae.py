"""
A plain convolutional VAE that knows classes: one vector of latents, a standard normal prior, and the variance of its Gaussian
output as the batch says is best (sigma-VAE: Rybkin, Daniilidis and Levine 2021).
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from blocks import Block, Up, conv, zero
from contest import CLASSES, RESOLUTION, Average, Images, compiled, draw, finish, learning_rate, train_for_time

BATCH, RATE, LATENTS, CONDITIONS = 64, 1e-3, 64, 64
CHANNELS = [32, 64, 128, 128]  # of 32x32 to 4x4
LOWEST = RESOLUTION // 2 ** (len(CHANNELS) - 1)
RATE_WARMUP = 0.1  # share of the time in which the weight of the rate rises to 1


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = conv(3, CHANNELS[0])
        self.blocks = nn.ModuleList([Block(c, c, CONDITIONS) for c in CHANNELS])
        self.down = nn.ModuleList([conv(c, d, 2) for c, d in zip(CHANNELS, CHANNELS[1:])])
        self.last = nn.Linear(CHANNELS[-1] * LOWEST**2, 2 * LATENTS)

    def forward(self, x, conditions):
        x = self.blocks[0](self.first(x), conditions)
        for down, block in zip(self.down, self.blocks[1:]):
            x = block(down(x), conditions)
        return self.last(F.silu(x).flatten(1)).chunk(2, 1)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        channels = CHANNELS[::-1]
        self.first = nn.Linear(LATENTS, channels[0] * LOWEST**2)
        self.blocks = nn.ModuleList([Block(c, c, CONDITIONS) for c in channels for _ in range(2)])
        self.up = nn.ModuleList([Up(c, d) for c, d in zip(channels, channels[1:])])
        self.last = zero(conv(channels[-1], 3))

    def forward(self, z, conditions):
        x = self.first(z).view(len(z), -1, LOWEST, LOWEST)
        for level in range(len(CHANNELS)):
            x = self.up[level - 1](x) if level > 0 else x
            for block in self.blocks[2 * level : 2 * level + 2]:
                x = block(x, conditions)
        return self.last(F.silu(x))


class Vae(nn.Module):
    def __init__(self):
        super().__init__()
        self.classes = nn.Embedding(CLASSES, CONDITIONS)
        self.encoder, self.decoder = Encoder(), Decoder()

    def forward(self, images, labels, noise):
        """The nats of a pixel's value, under the best variance, and of the latents, both of a whole image."""
        conditions = self.classes(labels)
        mean, log_variance = self.encoder(images, conditions)
        decoded = self.decoder(mean + noise * torch.exp(0.5 * log_variance), conditions)
        dimensions = images[0].numel()
        distortion = 0.5 * dimensions * ((decoded - images).square().mean() + 1e-6).log()
        rate = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(1).mean()
        return distortion, rate

    def sample(self, noise, labels):
        return self.decoder(noise, self.classes(labels))


def main():
    images = Images()
    network = Vae().to(memory_format=torch.channels_last)
    average = Average(network)
    forward = compiled(network)
    optimizer = torch.optim.Adam(network.parameters(), RATE, betas=(0.9, 0.99))

    def step(index, share):
        batch, labels = images.batch(BATCH)
        distortion, rate = forward(batch, labels, torch.randn(BATCH, LATENTS))
        loss = distortion + min(1, share / RATE_WARMUP) * rate
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 100.0)
        optimizer.param_groups[0]["lr"] = learning_rate(RATE, index, share)
        optimizer.step()
        average.follow(index)
        return loss.item() / math.log(2)

    trained = train_for_time(step, BATCH)
    average.take_over()
    network.eval()
    for temperature in (1, 0.7):
        draw(f"temperature {temperature}", lambda labels: network.sample(temperature * torch.randn(len(labels), LATENTS), labels))
    finish(network, trained)


main()
