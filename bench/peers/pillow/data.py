"""
The same preparation of images in Python: Pillow resizes as guided-diffusion does, NumPy makes batches from a mapped file.
Answers each line of JSON on standard input with the milliseconds that its work took.
"""

import json
import multiprocessing
import os
import sys
import time

import numpy as np
from PIL import Image


def centre_crop(path, size):
    """guided-diffusion's way: halve by a box filter, then a bicubic one, then crop."""
    image = Image.open(path)
    image.load()
    image = image.convert("RGB")
    while min(*image.size) >= 2 * size:
        image = image.resize(tuple(side // 2 for side in image.size), resample=Image.BOX)
    scale = size / min(*image.size)
    image = image.resize(tuple(round(side * scale) for side in image.size), resample=Image.BICUBIC)
    pixels = np.array(image)
    top, left = (pixels.shape[0] - size) // 2, (pixels.shape[1] - size) // 2
    return pixels[top : top + size, left : left + size].transpose(2, 0, 1)


def one(arguments):
    return centre_crop(*arguments)


def prepare(pool, folder, size, out):
    files = [(os.path.join(folder, name), size) for name in sorted(os.listdir(folder))]
    with open(out, "wb") as target:
        for pixels in pool.imap(one, files, chunksize=8):
            target.write(np.ascontiguousarray(pixels).tobytes())
        target.flush()
        os.fsync(target.fileno())


def batches(path, offset, count, size, batch, repeats):
    images = np.memmap(path, dtype=np.uint8, mode="r", offset=offset, shape=(count, 3, size, size))
    draw = np.random.default_rng(0)
    for _ in range(repeats):
        chosen = images[draw.integers(0, count, batch)]
        mirrored = draw.random(batch) < 0.5
        chosen[mirrored] = chosen[mirrored, :, :, ::-1]
        chosen.astype(np.float32) / 127.5 - 1


def main():
    with multiprocessing.Pool(int(sys.argv[1])) as pool:
        for line in sys.stdin:
            task = json.loads(line)
            began = time.perf_counter()
            if task["work"] == "prepare":
                prepare(pool, task["folder"], task["size"], task["out"])
            else:
                batches(task["path"], task["offset"], task["count"], task["size"], task["batch"], task["repeats"])
            print(1000 * (time.perf_counter() - began), flush=True)


if __name__ == "__main__":
    main()
