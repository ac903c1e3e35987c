"""Pictures and broken pictures for the tests of ganvas.data, made on the fly."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def picture(seed: int, height: int = 24, width: int = 24, mode: str = "RGB") -> Image.Image:
    """Smooth, so that a lossy format or a resize stays near it."""
    rows, columns = np.mgrid[0:height, 0:width]
    random = np.random.default_rng(seed)
    planes = [
        127 + 60 * np.sin(rows / random.uniform(4, 9) + random.uniform(0, 6))
        + 60 * np.cos(columns / random.uniform(4, 9) + random.uniform(0, 6))
        for _ in range(3)
    ]  # fmt: skip
    return Image.fromarray(np.stack(planes, 2).astype(np.uint8)).convert(mode)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def folder_of(path: Path, count: int = 4, height: int = 24, width: int = 24) -> Path:
    for number in range(count):
        write(path / f"{number:02}.png", encoded(picture(number, height, width), "PNG"))
    return path


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_zeros(width: int, height: int, bits: int = 1) -> bytes:
    """A grey PNG of zeros: huge in pixels, tiny in bytes, and made a row at a time."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width * bits + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
