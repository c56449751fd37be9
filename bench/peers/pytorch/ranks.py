"""
One of several PyTorch processes that train together by DistributedDataParallel over gloo, which sums gradients while earlier
layers are still computed. The task is JSON in the first argument; RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT are
PyTorch's own. Rank 0 prints what the steps took.
"""

import json
import os
import resource
import sys
import time

TASK = json.loads(sys.argv[1])
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(TASK["threads"])

import contextlib  # noqa: E402

import torch  # noqa: E402: the threads of its libraries are counted when they are loaded
import torch.distributed as dist  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn.parallel import DistributedDataParallel  # noqa: E402

from network import HierarchicalVae, compile_regions  # noqa: E402
from objective import Objective  # noqa: E402
from training import Trainer  # noqa: E402


class Loss(nn.Module):
    """The loss as a module, which is what can be made parallel."""

    def __init__(self, network, objective):
        super().__init__()
        self.network, self.objective = network, objective

    def forward(self, *inputs):
        return self.objective(*inputs)


class Shared:
    """The objective of all ranks together."""

    def __init__(self, objective, parallel):
        self.objective, self.parallel = objective, parallel

    def __call__(self, *inputs):
        return self.parallel(*inputs)

    def __setattr__(self, name, value):
        setattr(self.objective, name, value) if name == "vectors" else super().__setattr__(name, value)


def latents(config, count):
    sizes = [level["resolution"] for level in config["model"]["levels"] for _ in range(level["stochasticLayers"])]
    return [torch.randn(count, config["model"]["latentChannels"], size, size) for size in sizes]


def main():
    torch.set_num_threads(TASK["threads"])
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    size = int(os.environ["WORLD_SIZE"])
    if size > 1:
        dist.init_process_group("gloo")
    config = TASK["config"]
    network = HierarchicalVae(config).to(memory_format=torch.channels_last)
    vectors = [torch.randn(block.conv2.conv.out_channels) for group in network.groups() for block in (group.prior_block, group.posterior_block)]
    objective = Objective(network, config, vectors)
    if TASK["compile"]:
        compile_regions(network)
    shared = objective
    if size > 1:
        shared = Shared(objective, DistributedDataParallel(Loss(network, objective), gradient_as_bucket_view=True))
    trainer = Trainer(network, shared, config, contextlib.nullcontext)
    if TASK["compile"]:
        trainer.compile_update()
    count = config["training"]["batchSize"] // size
    resolution = config["model"]["resolution"]
    images = torch.rand(count, 3, resolution, resolution).mul(2).sub(1).to(memory_format=torch.channels_last)
    step_ms = []
    for step in range(TASK["steps"] + 2):
        began = time.perf_counter()
        trainer.step(images, latents(config, count), None, None)
        if step >= 2:
            step_ms.append(1000 * (time.perf_counter() - began))
    peak = [1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]
    if size > 1:
        gathered = [torch.zeros(1, dtype=torch.int64) for _ in range(size)]
        dist.all_gather(gathered, torch.tensor(peak))
        peak = [one.item() for one in gathered]
    if int(os.environ["RANK"]) == 0:
        print(json.dumps({"ranks": size, "stepMs": step_ms, "sumMs": [], "peakBytes": peak}))
    if size > 1:
        dist.destroy_process_group()


main()
