"""
The authors' network in PyTorch, trained by their recipe: the configuration and initial weights that Strata trains from, and the
objective, optimizer and average of the benchmark's peer. The decay of its learning rate ends when the time does.
"""

import json
import sys
import time
from contextlib import nullcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "peers" / "pytorch"))

import torch  # noqa: E402

from contest import COMPILES, TASK, Images, draw, finish, train_for_time  # noqa: E402
from network import HierarchicalVae, compile_regions  # noqa: E402
from objective import Objective  # noqa: E402
from tensors import read_safetensors  # noqa: E402
from training import Trainer  # noqa: E402

MEASURED_STEPS = 20
GUIDANCE = (0, 1, 3)


def main():
    with open(TASK["config"]) as file:
        config = json.load(file)
    inputs = read_safetensors(TASK["weights"])
    network = HierarchicalVae(config)
    network.load_state_dict({name: inputs[name] for name in network.state_dict()})
    network = network.to(memory_format=torch.channels_last)
    model, batch_size = config["model"], config["training"]["batchSize"]
    shapes = [inputs[f"noise.{index}"].shape[1:] for index in range(len(network.groups()))]
    vectors = [inputs[f"spectral.{index}.{kind}"].clone() for index in range(len(shapes)) for kind in ("prior", "posterior")]
    trainer = Trainer(network, Objective(network, config, vectors), config, nullcontext)
    images = Images()
    if COMPILES:
        compile_regions(network)
        trainer.compile_update()

    def noise(count):
        return [torch.randn(count, *shape) for shape in shapes]

    def step(*_):
        batch, labels = images.batch(batch_size)
        dropped = torch.where(torch.rand(batch_size) < config["objective"]["labelDropout"], model["classes"], labels)
        return trainer.step(batch, noise(batch_size), labels, dropped)[0]

    for _ in range(2):
        step()
    began = time.perf_counter()
    for _ in range(MEASURED_STEPS):
        step()
    steps = 60 * TASK["minutes"] * MEASURED_STEPS / (time.perf_counter() - began)
    config["optimizer"]["decaySteps"] = int(steps)
    config["optimizer"]["warmupSteps"] = min(config["optimizer"]["warmupSteps"], int(steps / 10))
    trained = train_for_time(step, batch_size)
    with torch.no_grad():
        for parameter, value in zip(trainer.parameters, trainer.ema):
            parameter.copy_(value)
    for weight in GUIDANCE:

        def sample(labels):
            if weight == 0:
                return network(noise(len(labels)), labels)[0]
            return network.guided(noise(len(labels)), labels, (weight, weight))

        draw(f"guidance {weight}", sample)
    finish(network, trained)


main()
