"""
PyTorch as a competitor: reads a task as one line of JSON, then answers each further line with one unit of work, in
lines of JSON as `bench/protocol.ts` says. The argument is the memory format: contiguous or channels-last.
"""

import json
import os
import resource
import sys
import time

TASK = json.loads(sys.stdin.readline())
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = str(TASK["threads"])

import torch  # noqa: E402: the threads of its libraries are counted when they are loaded
from torch import nn  # noqa: E402

from network import HierarchicalVae  # noqa: E402
from objective import Objective  # noqa: E402
from training import Trainer  # noqa: E402

DTYPES = {"F32": torch.float32, "I32": torch.int32}
FORMAT = {"contiguous": torch.contiguous_format, "channels-last": torch.channels_last}[sys.argv[1]]


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = bytearray(file.read())

    def tensor(dtype, shape, data_offsets):
        count = torch.Size(shape).numel()
        return torch.frombuffer(data, dtype=DTYPES[dtype], count=count, offset=data_offsets[0]).reshape(shape)

    return {name: tensor(**entry) for name, entry in header.items()}


def reply(**message):
    print(json.dumps(message), flush=True)


def to_bytes(values):
    return ((values + 1) * 127.5).clamp_(0, 255).round_().to(torch.uint8)


def means(values):
    return [values.mean().item(), values.square().mean().item()]


class Shown(nn.Module):
    """The mean image from the noise of every group, and from images to reconstruct, if there are any."""

    def __init__(self, network, labels, count):
        super().__init__()
        self.network, self.labels, self.count = network, labels, count

    def forward(self, *tensors):
        images = tensors[self.count] if len(tensors) > self.count else None
        return self.network(tensors[: self.count], self.labels, images, self.labels)[0]


def compiled(module, example):
    """The module with its weights as constants, warmed up: TorchScript optimises in the first two calls."""
    with torch.no_grad():
        traced = torch.jit.trace(module.eval(), example, check_trace=False)
        program = torch.jit.optimize_for_inference(torch.jit.freeze(traced))
        for _ in range(2):
            program(*example)
    return program


def prepare(config, inputs):
    """The unit of work, a function that returns the numbers by which results are compared."""
    drawn = not TASK["given"]
    network = HierarchicalVae(config)
    names = network.state_dict().keys()
    network.load_state_dict({name: inputs[name] for name in names})
    network = network.to(memory_format=FORMAT)
    count = len(network.groups())
    latents = [inputs[f"noise.{i}"].clone() for i in range(count)]
    images = inputs["images"].clone(memory_format=FORMAT)
    labels = inputs["labels"].long() if "labels" in inputs else None
    noise = lambda: [torch.randn_like(like) for like in latents] if drawn else latents  # noqa: E731

    if TASK["work"] == "train":
        vectors = [inputs[f"spectral.{i}.{kind}"].clone() for i in range(count) for kind in ("prior", "posterior")]
        trainer = Trainer(network, Objective(network, config, vectors), config)
        dropped = inputs["droppedLabels"].long() if labels is not None else None
        return lambda: trainer.step(images, noise(), labels, dropped)

    shown = [images] if TASK["work"] == "reconstruct" else []
    program = compiled(Shown(network, labels, count), [*latents, *shown])

    @torch.inference_mode()
    def show():
        pictures = to_bytes(program(*noise(), *shown))
        return [] if drawn else means(pictures.double())

    return show


def main():
    torch.set_num_threads(TASK["threads"])
    torch.set_flush_denormal(True)
    inputs = read_safetensors(TASK["inputs"])
    began = time.perf_counter()
    work = prepare(TASK["config"], inputs)
    reply(startMs=1000 * (time.perf_counter() - began))
    del inputs
    for _ in sys.stdin:
        began = time.perf_counter()
        seen = work()
        reply(ms=1000 * (time.perf_counter() - began), seen=seen)
    reply(peakBytes=1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


main()
