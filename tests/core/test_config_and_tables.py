from pathlib import Path

import pytest

from seethink.core.config import Config, config_hash, load_config
from seethink.core.rejected import InputError
from seethink.core.tables import claim, parts, read_manifest, read_rows, write_manifest, write_part, write_rows


class Inner(Config):
    rate: float = 0.1


class Outer(Config):
    inner: Inner = Inner()
    names: tuple[str, ...] = ("a", "b")


def test_overrides_reach_inner_fields_and_list_places(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("names: [x, y]\n")
    config = load_config(Outer, tmp_path / "c.yaml", ["inner.rate=0.5", "names.1=z"])
    assert config == Outer(inner=Inner(rate=0.5), names=("x", "z"))
    assert config_hash(config) != config_hash(Outer())


@pytest.mark.parametrize(
    ("override", "said"),
    [("inner.rat=1", "did you mean rate"), ("inner.rate=fast", "inner.rate"), ("names.7=z", "no position"), ("x", "=")],
)
def test_a_typo_is_named_with_its_remedy(override: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("names: [x, y]\n")
    with pytest.raises(InputError, match=said):
        load_config(Outer, tmp_path / "c.yaml", [override])


def test_a_missing_config_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        load_config(Outer, tmp_path / "none.yaml")


def test_rows_come_back_in_order_and_a_rewrite_leaves_nothing_old(tmp_path: Path) -> None:
    assert write_rows(tmp_path, ({"i": i} for i in range(25)), part_rows=10) == 25
    assert [row["i"] for row in read_rows(tmp_path)] == list(range(25))
    write_rows(tmp_path, [{"i": 1}])
    assert len(parts(tmp_path)) == 1


def test_the_same_work_goes_on_and_is_not_done_twice(tmp_path: Path) -> None:
    assert not claim(tmp_path, Outer(), {"d": "1"})
    write_part(tmp_path, 0, [{"i": 1}])
    assert not claim(tmp_path, Outer(), {"d": "1"}) and len(parts(tmp_path)) == 1
    write_manifest(tmp_path, Outer(), seeds={}, data={"d": "1"}, started=0.0)
    assert claim(tmp_path, Outer(), {"d": "1"})
    assert (read_manifest(tmp_path) or {})["packages"]["numpy"]


@pytest.mark.parametrize(("config", "data"), [(Outer(names=("c",)), "1"), (Outer(), "2")])
def test_other_work_starts_anew_and_touches_no_file_of_others(config: Outer, data: str, tmp_path: Path) -> None:
    claim(tmp_path, Outer(), {"d": "1"})
    write_part(tmp_path, 0, [{"i": 1}])
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    assert not claim(tmp_path, config, {"d": data})
    assert not parts(tmp_path) and not (tmp_path / "checkpoints").exists() and (tmp_path / "notes.txt").exists()
