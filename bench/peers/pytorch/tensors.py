"""Tensors of a safetensors file."""

import json

import torch

DTYPES = {"F32": torch.float32, "I32": torch.int32, "U8": torch.uint8}


def read_safetensors(path, device="cpu"):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = bytearray(file.read())

    def tensor(dtype, shape, data_offsets):
        count = torch.Size(shape).numel()
        values = torch.frombuffer(data, dtype=DTYPES[dtype], count=count, offset=data_offsets[0])
        return values.reshape(shape).to(device)

    return {name: tensor(**entry) for name, entry in header.items()}
