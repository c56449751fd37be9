"""Parts of convolutional networks that the plain VAE and the diffusion model share."""

from torch import nn
from torch.nn import functional as F

GROUPS = 8


def conv(channels_in, channels_out, stride=1):
    return nn.Conv2d(channels_in, channels_out, 3, stride, 1)


def zero(layer):
    """Lets a residual block begin as the identity, and an output as zero."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Block(nn.Module):
    """A residual block whose second half is scaled and shifted by a vector of conditions, as in improved DDPM."""

    def __init__(self, channels_in, channels_out, conditions):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(GROUPS, channels_in), conv(channels_in, channels_out)
        self.condition = nn.Linear(conditions, 2 * channels_out)
        self.norm2, self.conv2 = nn.GroupNorm(GROUPS, channels_out), zero(conv(channels_out, channels_out))
        self.skip = nn.Identity() if channels_in == channels_out else nn.Conv2d(channels_in, channels_out, 1)

    def forward(self, x, conditions):
        scale, shift = self.condition(conditions)[:, :, None, None].chunk(2, 1)
        inside = self.conv1(F.silu(self.norm1(x)))
        inside = self.conv2(F.silu(self.norm2(inside) * (1 + scale) + shift))
        return self.skip(x) + inside


class Up(nn.Module):
    """Twice the resolution, by repetition and a convolution."""

    def __init__(self, channels_in, channels_out):
        super().__init__()
        self.conv = conv(channels_in, channels_out)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2))
