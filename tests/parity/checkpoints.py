#!/usr/bin/env python3
"""Writes the small checkpoints that the engine's tests read: what PyTorch alone can write.

    python3 -m venv /tmp/parity-venv && /tmp/parity-venv/bin/pip install -r tests/parity/requirements.txt
    /tmp/parity-venv/bin/python tests/parity/checkpoints.py

Into `tests/fixtures/checkpoints/`, the same tensors in every file that is named after a format: `zip.bin` (PyTorch since
1.6), `protocol4.bin` (the same under pickle protocol 4), `legacy.bin` (before 1.6). Then `module.bin`, the state dict of
a module with its `_metadata`; `diff.bin`, a mask of composable-sft with a numpy number in it; `deflated.bin`, which a
zip program compressed; and `nan.bin`, whose second number is none.
"""

import io
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch

OUT = Path(__file__).resolve().parent.parent / "fixtures" / "checkpoints"


def tensors() -> OrderedDict:
    base = torch.arange(12, dtype=torch.float32).reshape(3, 4)
    return OrderedDict(
        whole=base,
        transposed=base.t(),  # shares its storage, and is not contiguous
        column=base[:, 1],
        part=base[1:],
        expanded=torch.tensor([5.0]).expand(2, 3),  # strides of zero
        scalar=torch.tensor(2.5),
        empty=torch.zeros(0, 4),
        parameter=torch.nn.Parameter(torch.tensor([0.5, -0.5])),
        half=torch.tensor([1.5, -2.0], dtype=torch.float16),
        bfloat=torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
        double=torch.tensor([0.25, -1e10], dtype=torch.float64),
        long=torch.tensor([3, -4], dtype=torch.int64),
        int=torch.tensor([3, -4], dtype=torch.int32),
        short=torch.tensor([3, -4], dtype=torch.int16),
        char=torch.tensor([3, -4], dtype=torch.int8),
        byte=torch.tensor([3, 250], dtype=torch.uint8),
        bool=torch.tensor([True, False]),
        unsigned=torch.tensor([3, 65535], dtype=torch.uint16),
    )


def diff() -> dict:
    first = np.cumsum(np.array([0, 1, 3]))[0]
    values = torch.tensor([0.5, -1.0, 0.25])
    steps = {"size": torch.Size([2, 3]), "index_steps": [first, 1, 3], "values": values}
    none = {"size": torch.Size([4]), "index_steps": [], "values": torch.zeros(0)}
    return {"diffs": {"a.weight": steps, "a.bias": none}, "abs": {"head.weight": torch.ones(2, 2)}}


def deflated() -> bytes:
    stored, out = io.BytesIO(), io.BytesIO()
    torch.save({"whole": torch.zeros(8)}, stored)
    with zipfile.ZipFile(stored) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    return out.getvalue()


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    torch.save(tensors(), OUT / "zip.bin")
    torch.save(tensors(), OUT / "protocol4.bin", pickle_protocol=4)
    torch.save(tensors(), OUT / "legacy.bin", _use_new_zipfile_serialization=False)
    torch.save(torch.nn.Linear(2, 1).state_dict(), OUT / "module.bin")
    torch.save(diff(), OUT / "diff.bin")
    torch.save({"nan": torch.tensor([1.0, float("nan")])}, OUT / "nan.bin")
    (OUT / "deflated.bin").write_bytes(deflated())


if __name__ == "__main__":
    main()
