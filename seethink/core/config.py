"""Configs: frozen data with one validator for YAML and command line, hashed into whatever they produced."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from seethink.core.rejected import InputError


class Config(BaseModel):
    """Base of every config: frozen, and a field nobody knows is an error rather than a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, protected_namespaces=())


C = TypeVar("C", bound=Config)


def load_config(kind: type[C], path: Path | None = None, overrides: Sequence[str] = ()) -> C:
    """Read a YAML file, lay ``a.b.0.c=value`` overrides over it, validate. InputError names field, value and remedy."""
    tree: Any = {}
    where = "the overrides" if path is None else str(path)
    if path is not None:
        try:
            tree = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
        except FileNotFoundError:
            raise InputError(f"config {path} does not exist") from None
        except yaml.YAMLError as error:
            raise InputError(f"config {path} is not YAML: {error}") from None
    if not isinstance(tree, dict):
        raise InputError(f"config {path} must be a mapping of field: value")
    for override in overrides:
        path_of, value = _read_override(override)
        lay(tree, path_of, value)
    return parse_config(kind, tree, where)


def with_changes(config: C, changes: Mapping[str, Any], where: str) -> C:
    """The config with ``{"field.inner": value}`` laid over it, validated again. InputError names field and remedy."""
    if not changes:
        return config
    # What nobody set stays unset: some configs ask which of their fields were.
    fields = {name: getattr(config, name) for name in config.model_fields_set}
    inner: dict[str, dict[str, Any]] = {}
    for path, value in changes.items():
        name, _, rest = path.partition(".")
        if rest:
            inner.setdefault(name, {})[rest] = deepcopy(value)
        else:
            fields[name] = deepcopy(value)
    for name, below in inner.items():
        child = fields.get(name, getattr(config, name, None))
        if isinstance(child, Config):
            fields[name] = with_changes(child, below, f"{where}: {name}")
            continue
        tree = {name: _plain(child)}
        for path, value in below.items():
            lay(tree, f"{name}.{path}", value)
        fields[name] = tree[name]
    return parse_config(type(config), fields, where)


def _plain(value: Any) -> Any:
    """A value as a tree that ``lay`` can change."""
    if isinstance(value, Config):
        return value.model_dump()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return {} if value is None else deepcopy(value)


def parse_config(kind: type[C], tree: Any, where: str) -> C:
    try:
        return kind.model_validate(tree)
    except ValidationError as error:
        lines = [_explain(kind, detail) for detail in error.errors()]
        raise InputError(f"{where}: " + "; ".join(lines)) from None


def config_hash(config: Config) -> str:
    """Twelve hex digits that change with any field that is set. A field that is null does not count, so that a later
    version may have more of them and still know what an earlier one finished."""
    return tree_hash(config.model_dump(mode="json"))


def tree_hash(tree: Any) -> str:
    """Twelve hex digits over plain JSON, whatever the order of its keys and whichever of them are null."""
    canonical = json.dumps(_without_nulls(tree), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _without_nulls(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {name: _without_nulls(value) for name, value in tree.items() if value is not None}
    return [_without_nulls(value) for value in tree] if isinstance(tree, list | tuple) else tree


def _read_override(override: str) -> tuple[str, Any]:
    path, equals, text = override.partition("=")
    if not equals or not path:
        raise InputError(f"override {override!r}: write it as field=value or field.inner=value")
    try:
        return path, yaml.safe_load(text)
    except yaml.YAMLError:
        raise InputError(f"override {override!r}: {text!r} is not YAML, close its brackets and quotes") from None


def lay(tree: Any, path: str, value: Any) -> None:
    """Put ``value`` at ``a.b.0.c`` in a tree of mappings and lists. InputError where a plain value is in the way."""
    keys = path.split(".")
    node = tree
    for key in keys[:-1]:
        node = node[_index(node, key, path)] if isinstance(node, list) else node.setdefault(key, {})
        if not isinstance(node, dict | list):
            raise InputError(f"override {path!r}: {key} holds a plain value and has no inner fields")
    if isinstance(node, list):
        node[_index(node, keys[-1], path)] = value
    else:
        node[keys[-1]] = value


def _index(node: list[Any], key: str, path: str) -> int:
    if not key.isdigit() or int(key) >= len(node):
        raise InputError(f"override {path}: {key!r} is no position in a list of {len(node)}")
    return int(key)


def _explain(kind: type[Config], detail: Any) -> str:
    field = ".".join(str(part) for part in detail["loc"])
    message = f"{field}: {detail['msg'].lower()} (got {str(detail['input'])[:80]!r})"
    if detail["type"] == "value_error":
        # Our own words: they name what they speak of.
        message = f"{field}: " * bool(field) + detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        own, names = str(detail["loc"][-1]), _field_names(kind)
        near = get_close_matches(own, names, n=1)
        hint = ", it belongs elsewhere" if own in names else f", did you mean {near[0]}?" if near else ""
        message = f"{field}: no such field{hint}"
    # Settings of several forms are told apart by a field that is always called so.
    if detail["type"] == "union_tag_not_found":
        message = f"{field}: say which with {field}.kind"
    if detail["type"] == "union_tag_invalid":
        message = f"{field}.kind: {detail['ctx']['tag']!r} is none of {detail['ctx']['expected_tags']}"
    return message


def _field_names(kind: type[BaseModel]) -> list[str]:
    names: list[str] = []
    for name, field in kind.model_fields.items():
        names.append(name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names += _field_names(field.annotation)
    return names
