import io
from pathlib import Path

import pytest
from PIL import Image

from seethink.core.images import ImageStore, inside, png_bytes
from seethink.core.rejected import InputError


def test_a_picture_is_stored_once_under_its_hash(tmp_path: Path) -> None:
    store, data = ImageStore(tmp_path), png_bytes(Image.new("RGB", (5, 4), "red"))
    digest = store.add(data)
    assert store.add(data) == digest and len(list(tmp_path.rglob("*.img"))) == 1
    assert store.open(digest).size == (5, 4)


@pytest.mark.parametrize("name", ["../secret.png", "a/../../secret.png", "/../../secret.png"])
def test_a_path_cannot_leave_its_root(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="leaves the image folder"):
        inside(tmp_path / "images", name)


def test_a_link_out_of_the_root_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "out").symlink_to(tmp_path)
    with pytest.raises(InputError, match="leaves the image folder"):
        inside(tmp_path / "images", "out/secret.png")


def test_missing_broken_and_exploding_pictures_are_named(tmp_path: Path) -> None:
    store = ImageStore(tmp_path / "store")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    buffer = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(buffer, "PNG")
    (tmp_path / "bomb.png").write_bytes(buffer.getvalue())
    for name, said in (("none.png", "is not in"), ("broken.png", "cannot be decoded"), ("bomb.png", "bomb.png")):
        with pytest.raises(InputError, match=said):
            store.add_file(tmp_path, name)
