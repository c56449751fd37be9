"""Writes test/fixtures/data with the formats' own writers, so that what Strata reads is what others write.

    python -m venv venv && venv/bin/pip install pyarrow==26.0.1 datasets==5.2.0 webdataset==1.0.2 pillow==13.0.0 numpy==2.4.6
    venv/bin/python scripts/data-fixtures.py

Twenty-four images of 8x8, each of one colour, which `expected.json` lists: 18 to train on, 6 to test; classes cat, dog, fox.
"""

import gzip
import io
import json
import pathlib
import shutil

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import webdataset as wds
from PIL import Image

ROOT = pathlib.Path(__file__).parent.parent / "test/fixtures/data"
CLASSES = ["cat", "dog", "fox"]
SIZE = 8
COUNT, TRAIN = 24, 18

colours = [((37 * i) % 256, (91 * i + 40) % 256, (151 * i + 90) % 256) for i in range(COUNT)]
labels = [i % 3 for i in range(COUNT)]
arrays = np.stack([np.broadcast_to(np.array(colour, np.uint8), (SIZE, SIZE, 3)) for colour in colours])
pictures = [Image.fromarray(array) for array in arrays]


def png(image):
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


files = [png(image) for image in pictures]
splits = {"train": range(TRAIN), "test": range(TRAIN, COUNT)}


def fresh(name):
    folder = ROOT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def hugging_face():
    folder = fresh("hugging-face")
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=CLASSES)})
    for split, rows in splits.items():
        data = {"image": [pictures[i] for i in rows], "label": [labels[i] for i in rows]}
        dataset = datasets.Dataset.from_dict(data, features=features)
        shards = 2 if split == "train" else 1
        for index in range(shards):
            shard = dataset.shard(shards, index, contiguous=True)
            shard.to_parquet(folder / f"{split}-{index:05}-of-{shards:05}.parquet")


def parquet():
    folder = fresh("parquet")
    bare = pa.table({"picture": pa.array(files, pa.binary()), "kind": [CLASSES[label] for label in labels]})
    for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
        pq.write_table(bare, folder / f"bytes-{codec}.parquet", compression=codec, row_group_size=10)
    pq.write_table(bare, folder / "bytes-v2.parquet", data_page_version="2.0", compression="zstd", use_dictionary=False)
    flat = pa.table(
        {
            "pixels": pa.array([array.reshape(-1).tolist() for array in arrays], pa.list_(pa.uint8())),
            "shape": pa.array([[SIZE, SIZE, 3]] * COUNT, pa.list_(pa.int32())),
            "label": labels,
        }
    )
    pq.write_table(flat, folder / "lists.parquet", row_group_size=7)
    features = datasets.Features({"image": datasets.Array3D((SIZE, SIZE, 3), "uint8"), "label": datasets.Value("int64")})
    nested = datasets.Dataset.from_dict({"image": [array.tolist() for array in arrays], "label": labels}, features=features)
    nested.to_parquet(folder / "nested.parquet")


def webdataset():
    folder = fresh("webdataset")
    for name, suffix in [("cls", "cls"), ("json", "json")]:
        (folder / name).mkdir()
        for split, rows in splits.items():
            with wds.ShardWriter(str(folder / name / f"{split}-%06d.tar"), maxcount=7, mtime=0, verbose=0) as writer:
                for i in rows:
                    label = {"cls": labels[i]} if suffix == "cls" else {"json": {"info": {"class": CLASSES[labels[i]]}, "n": i}}
                    writer.write({"__key__": f"{i:06}", "png": files[i], **label})
    shards = sorted((folder / "cls").glob("train-*.tar"))
    counts = [len(list(wds.WebDataset(str(shard), shardshuffle=False))) for shard in shards]
    index = [{"url": shard.name, "nsamples": count, "filesize": shard.stat().st_size} for shard, count in zip(shards, counts)]
    (folder / "cls" / "index.json").write_text(json.dumps({"wids_version": 1, "shardlist": index}, indent=1))


def idx():
    folder = fresh("idx")
    grey = arrays[..., 1]
    for split, rows in [("train", splits["train"]), ("t10k", splits["test"])]:
        for kind, data in [("images-idx3", grey[list(rows)]), ("labels-idx1", np.array([labels[i] for i in rows], np.uint8))]:
            head = bytes([0, 0, 8, data.ndim]) + np.array(data.shape, ">u4").tobytes()
            with gzip.GzipFile(folder / f"{split}-{kind}-ubyte.gz", "wb", mtime=0) as file:
                file.write(head + data.tobytes())


def numpy():
    folder = fresh("arrays")
    train, test = list(splits["train"]), list(splits["test"])
    np_labels = np.array(labels)
    np.savez_compressed(
        folder / "keras.npz", x_train=arrays[train], y_train=np_labels[train], x_test=arrays[test], y_test=np_labels[test]
    )
    medical = {"train": train[:12], "val": train[12:], "test": test}
    named = {f"{split}_images": arrays[rows] for split, rows in medical.items()}
    named |= {f"{split}_labels": np_labels[rows].astype(np.uint8)[:, None] for split, rows in medical.items()}
    np.savez(folder / "medmnist.npz", **named)
    (folder / "beside").mkdir()
    np.save(folder / "beside/images.npy", np.asfortranarray(arrays.transpose(0, 3, 1, 2)))
    np.save(folder / "beside/labels.npy", np_labels.astype(np.int32))


def listing():
    folder = fresh("listing")
    for i, data in enumerate(files):
        (folder / f"{i}.png").write_bytes(data)
    rows = [(f"{i}.png", CLASSES[labels[i]], "train" if i < TRAIN else "test") for i in range(COUNT)]
    (folder / "labels.csv").write_text("file,label,split\n" + "".join(f"{','.join(row)}\n" for row in rows))
    lines = [json.dumps({"file_name": file, "text": "a picture", "label": label}) for file, label, _ in rows]
    (folder / "metadata.jsonl").write_text("".join(f"{line}\n" for line in lines))
    (folder / "kaggle.csv").write_text("id,breed\n" + "".join(f'{i},"{CLASSES[labels[i]]}"\r\n' for i in range(COUNT)))


for write in [hugging_face, parquet, webdataset, idx, numpy, listing]:
    write()
(ROOT / "expected.json").write_text(json.dumps({"classes": CLASSES, "colours": colours, "labels": labels, "train": TRAIN}))
