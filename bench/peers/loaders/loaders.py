"""
Images out of published forms in Python, resized as guided-diffusion does: Hugging Face's datasets, webdataset, torchvision's folders.
Writes shards where asked to. Answers each line of JSON on standard input with the milliseconds that its work took.
"""

import json
import multiprocessing
import os
import sys
import time

import numpy as np
from PIL import Image


def centre_crop(image, size):
    image = image.convert("RGB")
    while min(*image.size) >= 2 * size:
        image = image.resize(tuple(side // 2 for side in image.size), resample=Image.BOX)
    scale = size / min(*image.size)
    image = image.resize(tuple(round(side * scale) for side in image.size), resample=Image.BICUBIC)
    pixels = np.array(image)
    top, left = (pixels.shape[0] - size) // 2, (pixels.shape[1] - size) // 2
    return np.ascontiguousarray(pixels[top : top + size, left : left + size].transpose(2, 0, 1))


def write(folder, out, shards):
    import datasets
    import webdataset

    names = sorted(os.listdir(folder))
    for shard in range(shards):
        part = names[shard::shards]
        files = [open(os.path.join(folder, name), "rb").read() for name in part]
        features = datasets.Features({"image": datasets.Image()})
        rows = [{"bytes": data, "path": name} for data, name in zip(files, part)]
        datasets.Dataset.from_dict({"image": rows}, features=features).to_parquet(f"{out}/{shard}.parquet", batch_size=100)
        with webdataset.TarWriter(f"{out}/{shard}.tar") as writer:
            for index, data in enumerate(files):
                writer.write({"__key__": f"{index:06}", "jpg": data})


def read_shard(arguments):
    form, path, size = arguments
    if form == "parquet":
        import datasets

        rows = datasets.load_dataset("parquet", data_files=[path], split="train", streaming=True)
        images = (row["image"] for row in rows)
    else:
        import webdataset

        images = (image for (image,) in webdataset.WebDataset(path, shardshuffle=False, empty_check=False).decode("pil").to_tuple("jpg"))
    return np.stack([centre_crop(image, size) for image in images])


def read_folder(folder, size, processes):
    import torch
    import torchvision

    images = torchvision.datasets.ImageFolder(folder, transform=lambda image: torch.from_numpy(centre_crop(image, size)))
    for _ in torch.utils.data.DataLoader(images, batch_size=64, num_workers=processes):
        pass


def main():
    processes = int(sys.argv[1])
    with multiprocessing.Pool(processes) as pool:
        for line in sys.stdin:
            task = json.loads(line)
            began = time.perf_counter()
            if task["work"] == "write":
                write(task["folder"], task["out"], task["shards"])
            elif task["form"] == "folder":
                read_folder(task["place"], task["size"], processes)
            else:
                names = sorted(name for name in os.listdir(task["place"]) if name.endswith(task["ending"]))
                pool.map(read_shard, [(task["form"], os.path.join(task["place"], name), task["size"]) for name in names], chunksize=1)
            print(1000 * (time.perf_counter() - began), flush=True)


if __name__ == "__main__":
    main()
