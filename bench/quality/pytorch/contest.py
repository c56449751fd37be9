"""
What every program of this folder shares: a task as one line of JSON on standard input, training images, a time to train for, and
samples written for the judge. A program says how far it is on standard error, and what came out as one line of JSON at its end.
"""

import json
import os
import sys
import time

TASK = json.loads(sys.stdin.readline())
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(TASK["threads"])

import numpy as np  # noqa: E402
import torch  # noqa: E402: the threads of its libraries are counted when they are loaded

torch.set_num_threads(TASK["threads"])
torch.set_flush_denormal(True)
torch.manual_seed(TASK["seed"])

RESOLUTION, CLASSES = TASK["resolution"], TASK["classes"]
COMPILES = int(torch.__version__.split(".")[0]) >= 2
SECONDS_BETWEEN_LINES = 30
DRAWN_AT_ONCE = 100
WARMUP_STEPS = 200
AVERAGE_DECAY = 0.999

labels_to_draw = torch.from_numpy(np.fromfile(TASK["draw"], np.int32)).long()
settings = []


def parameter_count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def compiled(function):
    """By torch.compile, where there is one."""
    return torch.compile(function, dynamic=False) if COMPILES else function


class Images:
    """The training images, kept as bytes; a batch is float32 in [-1, 1], channels last, with its labels."""

    def __init__(self):
        shape = (-1, 3, RESOLUTION, RESOLUTION)
        self.images = torch.from_numpy(np.fromfile(TASK["images"], np.uint8)).view(shape)
        self.labels = torch.from_numpy(np.fromfile(TASK["labels"], np.int32)).long()

    def batch(self, size):
        chosen = torch.randint(len(self.images), (size,))
        images = self.images[chosen].float() / 127.5 - 1
        return images.contiguous(memory_format=torch.channels_last), self.labels[chosen]


class Average:
    """Moving average of a network's weights, which samples are drawn with: few updates back at the start, then a thousand."""

    def __init__(self, network):
        self.network = network
        with torch.no_grad():
            self.values = [value.clone() for value in network.parameters()]

    @torch.no_grad()
    def follow(self, updates):
        decay = min(AVERAGE_DECAY, (1 + updates) / (10 + updates))
        torch._foreach_lerp_(self.values, list(self.network.parameters()), 1 - decay)

    @torch.no_grad()
    def take_over(self):
        for parameter, value in zip(self.network.parameters(), self.values):
            parameter.copy_(value)


def learning_rate(highest, step, share):
    """Rises over the first steps, stays until 0.6 of the time has gone, and falls in a line to a fiftieth."""
    return highest * min(1, (step + 1) / WARMUP_STEPS) * (1 if share < 0.6 else max(0.02, (1 - share) / 0.4))


def train_for_time(step, batch_size):
    """
    Calls `step(index, share)`, which returns a loss, until the time is over. Two calls before do not count: programs are
    compiled in them. Returns what to tell of it.
    """
    for _ in range(2):
        step(0, 0.0)
    limit = 60 * TASK["minutes"]
    began = told = time.perf_counter()
    steps = 0
    while (seconds := time.perf_counter() - began) < limit:
        loss = step(steps, seconds / limit)
        steps += 1
        if time.perf_counter() - told > SECONDS_BETWEEN_LINES:
            told = time.perf_counter()
            rate = steps * batch_size / (told - began)
            print(f"{told - began:.0f} of {limit:.0f} s, {rate:.1f} images/s, loss {loss:.4g}", file=sys.stderr, flush=True)
    return {"images": steps * batch_size, "seconds": time.perf_counter() - began}


def draw(name, sample):
    """Draws an image of every label asked for by `sample(labels)`, a batch at a time, and keeps them with their time."""
    with torch.no_grad():
        sample(labels_to_draw[:DRAWN_AT_ONCE])  # compiled
        began = time.perf_counter()
        parts = [sample(labels) for labels in labels_to_draw.split(DRAWN_AT_ONCE)]
        seconds = time.perf_counter() - began
    images = ((torch.cat(parts).float() + 1) * 127.5).clamp(0, 255).round().to(torch.uint8)
    images.contiguous().numpy().tofile(os.path.join(TASK["out"], f"{name}.u8"))
    print(f"{name}: {1000 * seconds / len(images):.0f} s for 1,000 samples", file=sys.stderr, flush=True)
    settings.append({"name": name, "secondsPer1000": 1000 * seconds / len(images)})


def finish(network, trained):
    print(json.dumps({**trained, "parameters": parameter_count(network), "settings": settings}), flush=True)
