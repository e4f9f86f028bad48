"""Pictures of the store as an endpoint is sent them."""

from __future__ import annotations

from seethink.core.images import ImageStore, png_bytes
from seethink.teachers.request import Picture


def picture_as_sent(images: ImageStore, digest: str) -> Picture:
    """PNG and JPEG files as they are; anything else as PNG, for endpoints differ in what else they read."""
    data = images.read(digest)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return Picture(data, "image/png")
    if data.startswith(b"\xff\xd8\xff"):
        return Picture(data, "image/jpeg")
    return Picture(png_bytes(images.open(digest)), "image/png")
