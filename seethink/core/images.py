"""Pictures, stored once under the hash of their bytes.

Items name pictures by hash; bytes are read and decoded only where they are needed. Files come from strangers: a path
may not leave its root, a decompression bomb or a broken file is refused with a reason.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from seethink.core.rejected import InputError

MAX_PIXELS = 50_000_000
"""Largest picture decoded (about 7,000 x 7,000). choice."""

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


def inside(root: Path, name: str) -> Path:
    """``root / name``, refused where it would lie outside ``root`` (links followed)."""
    base = root.resolve()
    path = (base / name.lstrip("/")).resolve()
    if not path.is_relative_to(base):
        raise InputError(f"picture path {name!r} leaves the image folder {root}: use a path below it")
    return path


def check_picture(data: bytes, name: str) -> tuple[int, int]:
    """Width and height of a picture that decodes; InputError names what is wrong otherwise."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise InputError(f"picture {name} has {width} x {height} pixels, more than {MAX_PIXELS}: shrink it")
            picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, InputError):
            raise
        # Pillow names the buffer it read from, which tells a user nothing.
        told = "its format is unknown" if isinstance(error, UnidentifiedImageError) else str(error)
        raise InputError(f"picture {name} cannot be decoded ({told}): replace the file") from error
    return width, height


def png_bytes(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


class ImageStore:
    """Pictures under ``root/ab/abcdef….img``, written once, by hash."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def path(self, digest: str) -> Path:
        return self.root / digest[:2] / f"{digest}.img"

    def add(self, data: bytes) -> str:
        """Store encoded bytes and return their hash; a picture already there is not written again."""
        digest = hashlib.sha256(data).hexdigest()
        path = self.path(digest)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                Path(name).replace(path)
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise
        return digest

    def add_file(self, folder: Path, name: str) -> tuple[str, tuple[int, int]]:
        """Store a user's file after checking it; returns hash and (width, height)."""
        path = inside(folder, name)
        if not path.is_file():
            raise InputError(f"picture {name} is not in {folder}: check the path or the image folder")
        return self.add_checked(path.read_bytes(), name)

    def add_checked(self, data: bytes, name: str) -> tuple[str, tuple[int, int]]:
        """Store a stranger's bytes after checking them; ``name`` is for the message. Returns hash and size."""
        size = check_picture(data, name)
        return self.add(data), size

    def read(self, digest: str) -> bytes:
        try:
            return self.path(digest).read_bytes()
        except FileNotFoundError:
            raise self._missing(digest) from None

    def size(self, digest: str) -> tuple[int, int]:
        """Width and height in pixels; only the file's head is read. InputError where it is missing or no picture."""
        try:
            with Image.open(self.path(digest), formats=_FORMATS) as picture:
                return picture.size
        except FileNotFoundError:
            raise self._missing(digest) from None
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise InputError(f"picture {digest[:12]}… in {self.root} cannot be read ({error}): collect again") from None

    def open(self, digest: str) -> Image.Image:
        """The decoded picture, RGB."""
        return Image.open(io.BytesIO(self.read(digest)), formats=_FORMATS).convert("RGB")

    def _missing(self, digest: str) -> InputError:
        return InputError(f"picture {digest[:12]}… is not in the store {self.root}: collect its items again")
