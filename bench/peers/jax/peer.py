"""
JAX as a competitor: reads a task as one line of JSON, then answers each further line with one unit of work, in lines of JSON
as `bench/protocol.ts` says. Training and generation; the first argument is the precision: float32, tf32 or bfloat16.
"""

import json
import resource
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

from network import Network, by_layout
from training import initial_state, step_of

TASK = json.loads(sys.stdin.readline())
PRECISION = sys.argv[1]
PRODUCTS = {"float32": "float32", "tf32": "tensorfloat32", "bfloat16": "bfloat16"}
DTYPES = {"F32": np.float32, "I32": np.int32}


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()

    def tensor(dtype, shape, data_offsets):
        count = int(np.prod(shape))
        return np.frombuffer(data, DTYPES[dtype], count, data_offsets[0]).reshape(shape)

    return {name: tensor(**entry) for name, entry in header.items()}


def reply(**message):
    print(json.dumps(message), flush=True)


def to_bytes(values):
    return jnp.round(jnp.clip((values + 1) * 127.5, 0, 255)).astype(jnp.uint8)


def prepare(config, inputs):
    """The unit of work, a function that returns the numbers by which results are compared."""
    drawn = not TASK["given"]
    others = ("spectral.", "noise.")
    names = [name for name in inputs if "." in name and not name.startswith(others)] + ["initial_x"]
    parameters = {name: jnp.array(by_layout(name, inputs[name])) for name in names}
    count = sum(name.startswith("noise.") for name in inputs)
    nhwc = lambda name: jnp.array(inputs[name].transpose(0, 2, 3, 1))  # noqa: E731
    latents = [nhwc(f"noise.{i}") for i in range(count)]
    labels = jnp.array(inputs["labels"]) if "labels" in inputs else None
    network = Network(config["model"], jnp.bfloat16 if PRECISION == "bfloat16" else jnp.float32)
    keys = iter(lambda: jax.random.key(time.perf_counter_ns()), None)

    @jax.jit
    def draw(key):
        shapes = [latent.shape for latent in latents]
        return [jax.random.normal(own, shape) for own, shape in zip(jax.random.split(key, count), shapes)]

    noise = lambda: draw(next(keys)) if drawn else latents  # noqa: E731

    if TASK["work"] == "train":
        vectors = [jnp.array(inputs[f"spectral.{i}.{kind}"]) for i in range(count) for kind in ("prior", "posterior")]
        dropped = jnp.array(inputs["droppedLabels"]) if labels is not None else None
        images = nhwc("images")
        state = initial_state(parameters, vectors)
        example = (state, images, latents, labels, dropped)
        step = step_of(network, config).lower(*example).compile()

        def train():
            nonlocal state
            state, loss, norm = step(state, images, noise(), labels, dropped)
            return [float(loss), float(norm)]

        return train

    if TASK["work"] != "generate":
        raise SystemExit("This peer trains and generates only.")
    show = jax.jit(lambda p, *noise: to_bytes(network(p, noise, labels)[0])).lower(parameters, *latents).compile()

    def generate():
        pictures = np.asarray(show(parameters, *noise())).astype(np.float64)
        return [] if drawn else [pictures.mean(), np.square(pictures).mean()]

    return generate


def most_memory():
    """The most bytes that a GPU held; None on processors."""
    statistics = jax.local_devices()[0].memory_stats()
    return statistics.get("peak_bytes_in_use") if statistics else None


def main():
    config = TASK["config"]
    if config["model"].get("superResolution") or config["objective"]["output"] != "gaussian":
        raise SystemExit("This peer knows base models with a Gaussian output only.")
    with jax.default_matmul_precision(PRODUCTS[PRECISION]):
        began = time.perf_counter()
        work = prepare(config, read_safetensors(TASK["inputs"]))
        reply(startMs=1000 * (time.perf_counter() - began))
        for _ in sys.stdin:
            began = time.perf_counter()
            seen = work()
            reply(ms=1000 * (time.perf_counter() - began), seen=seen)
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reply(peakBytes=peak, deviceBytes=most_memory())


main()
