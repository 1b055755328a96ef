"""Writes the files beside it, as PyTorch 1.13 and NumPy 1.24 do: python3 make.py"""

import argparse
import collections
import pickle
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).parent


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(2, 3, 2)
        self.norm = torch.nn.BatchNorm2d(3)


def fill(state):
    """Quarters, counted through all tensors."""
    start = 0
    for value in state.values():
        if value.dtype.is_floating_point:
            value.copy_((torch.arange(value.numel(), dtype=torch.float64) + start).reshape(value.shape) / 4)
            start += value.numel()
        else:
            value.fill_(7)
    return state


def save(value, name, legacy=False, **options):
    torch.save(value, HERE / name, _use_new_zipfile_serialization=not legacy, **options)


def checkpoints():
    net = Net()
    state = fill(net.state_dict())
    save(state, "zip.pth")
    save(state, "legacy.pth", legacy=True)
    save(state, "protocol4.pth", pickle_protocol=4)
    save(net, "whole-module.pth")
    save({"generator": state, "discriminator": dict(list(state.items())[:2])}, "two-tables.pth")
    wrapped = torch.nn.DataParallel(net)
    optimizer = torch.optim.SGD(wrapped.parameters(), lr=0.1, momentum=0.9)
    net.conv(torch.ones(1, 2, 4, 4)).sum().backward()
    optimizer.step()
    fill(net.state_dict())
    nested = {
        "epoch": 3,
        "arch": "net",
        "best": np.float64(0.5),
        "args": argparse.Namespace(lr=0.1, name="x"),
        "state_dict": wrapped.state_dict(),
        "optimizer": optimizer.state_dict(),
        "size": torch.Size([1, 2]),
        "device": torch.device("cpu"),
        "seen": {1, 2},
        "dtype": torch.float32,
    }
    save(nested, "nested-zip.pth.tar")
    save(nested, "nested-legacy.pth.tar", legacy=True)


def kinds():
    base = torch.arange(12, dtype=torch.float32)
    tensors = collections.OrderedDict(
        shared_a=base[:6].view(2, 3),
        shared_b=base[3:9],
        transposed=base.view(3, 4).t(),
        strided=base[1::3],
        repeated=base[2:3].expand(2, 3),
        half=torch.tensor([1.5, -2, 65504, 6e-8], dtype=torch.float16),
        half_view=torch.arange(6, dtype=torch.float16).view(2, 3).t(),
        brain=torch.tensor([1.5, -2, 3e38], dtype=torch.bfloat16),
        double=torch.tensor([0.1, 1e300], dtype=torch.float64),
        long=torch.tensor([2**62, -1]),
        int=torch.tensor([-5, 6], dtype=torch.int32),
        short=torch.tensor([-5, 6], dtype=torch.int16),
        char=torch.tensor([-5, 6], dtype=torch.int8),
        byte=torch.tensor([250, 6], dtype=torch.uint8),
        bool=torch.tensor([True, False]),
        scalar=torch.tensor(2.5),
        empty=torch.zeros(0, 3),
        channels_last=torch.arange(24.0).view(1, 2, 3, 4).contiguous(memory_format=torch.channels_last),
        parameter=torch.nn.Parameter(torch.tensor([1.0, 2.0])),
    )
    save(tensors, "kinds-zip.pth")
    save(tensors, "kinds-legacy.pth", legacy=True)


def arrays():
    rows = np.arange(6, dtype="f4").reshape(2, 3)
    columns = np.asfortranarray(np.arange(6, dtype="i8").reshape(2, 3))
    np.savez(HERE / "arrays.npz", a=rows, b=columns, h=np.array([1.5], dtype="f2"), name=np.array(["x", "yz"]))
    np.savez_compressed(HERE / "compressed.npz", a=rows, zeros=np.zeros((100, 100)))
    np.save(HERE / "dictionary.npy", {"cat": np.array([1.0, 2.0]), "dog": np.array([3.0, 4.0])}, allow_pickle=True)


def values():
    everything = {
        "integer": -3,
        "big": 2**70,
        "float": 0.25,
        "infinite": float("inf"),
        "tuple": (1, (2,)),
        "list": [1, "ü", None, True],
        "set": {1},
        "bytes": b"\x00\xff",
        "bytearray": bytearray(b"xy"),
        "default": collections.defaultdict(int, {"k": 1}),
        "big_endian": np.arange(3, dtype=">i2"),
        "text": np.array(["ab", "ç"]),
        "objects": np.array([1, "x"], dtype=object),
        "fortran": np.arange(6).reshape(2, 3).T,
        "number": np.float32(0.5),
    }
    for protocol in range(6):
        (HERE / f"values-{protocol}.pkl").write_bytes(pickle.dumps(everything, protocol=protocol))


if __name__ == "__main__":
    checkpoints()
    kinds()
    arrays()
    values()
