"""What is promised about the package itself: its lock, its wheel, its layers, and that it never evaluates text."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

BIN = Path(sys.executable).parent
LOCKED = re.compile(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.]*")


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def project(checkout: Path) -> dict[str, Any]:
    return tomllib.loads((checkout / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def lock(checkout: Path) -> list[str]:
    lines = (checkout / "requirements.lock").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def asked_for(project: dict[str, Any]) -> list[Requirement]:
    """Everything but the extra that the lock leaves out."""
    extras = {name: lines for name, lines in project["project"]["optional-dependencies"].items() if name != "cluster"}
    lines = [*project["project"]["dependencies"], *(line for extra in extras.values() for line in extra)]
    return [Requirement(line) for line in [*lines, *project["build-system"]["requires"]]]


# The lock


def test_the_lock_pins_every_version_and_holds_no_hash_address_or_local_version(lock: list[str]) -> None:
    assert [line for line in lock if not LOCKED.fullmatch(line)] == []


def test_the_lock_names_each_package_once(lock: list[str]) -> None:
    names = [canonicalize_name(line.split("==")[0]) for line in lock]
    assert len(names) == len(set(names))


def test_the_lock_pins_the_torch_the_makefile_resolves_around(lock: list[str], checkout: Path) -> None:
    assert "torch==2.13.0" in lock
    assert "TORCH := torch==2.13.0" in (checkout / "Makefile").read_text()


def test_every_dependency_is_locked_at_a_version_it_allows(project: dict[str, Any], lock: list[str]) -> None:
    versions = {canonicalize_name(name): version for name, version in (line.split("==") for line in lock)}
    needs = asked_for(project)
    refused = [str(need) for need in needs if versions.get(canonicalize_name(need.name), "0") not in need.specifier]
    assert refused == []


def test_the_lock_is_what_the_dependencies_need_and_nothing_more(project: dict[str, Any], lock: list[str]) -> None:
    todo, seen = asked_for(project), set[tuple[str, str]]()
    while todo:
        need = todo.pop()
        for extra in {"", *need.extras} - {extra for name, extra in seen if name == canonicalize_name(need.name)}:
            seen.add((canonicalize_name(need.name), extra))
            inner = (Requirement(line) for line in requires(need.name) or ())
            todo += [each for each in inner if each.marker is None or each.marker.evaluate({"extra": extra})]
    assert {canonicalize_name(line.split("==")[0]) for line in lock} == {name for name, _ in seen}


def test_no_torchvision_and_no_cuda_package_is_locked(lock: list[str]) -> None:
    assert [line for line in lock if re.match(r"torchvision|nvidia|cuda|triton|vllm|flash", line)] == []


# The wheel


def test_everything_that_ships_is_in_the_wheel(checkout: Path, tmp_path: Path) -> None:
    for name in ("seethink", "pyproject.toml", "README.md", "LICENSE"):
        source = checkout / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name)
    for cache in (tmp_path / "seethink").rglob("__pycache__"):
        shutil.rmtree(cache)
    built = run(
        sys.executable, "-c", "from setuptools import build_meta; print(build_meta.build_wheel('.'))", cwd=tmp_path
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    ours = {path.relative_to(tmp_path).as_posix() for path in (tmp_path / "seethink").rglob("*") if path.is_file()}
    assert ours - inside == set()
    assert "seethink/py.typed" in inside
    assert any(name.endswith("licenses/LICENSE") for name in inside)


# Imports


@pytest.mark.parametrize("module", ["seethink", "seethink.rewards", "seethink.cli"])
def test_importing_it_imports_no_torch_and_no_plotting(module: str, checkout: Path) -> None:
    shown = run(sys.executable, "-X", "importtime", "-c", f"import {module}", cwd=checkout)
    assert shown.returncode == 0, shown.stderr
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in shown.stderr.splitlines()}
    assert "seethink" in imported
    assert imported & {"torch", "transformers", "trl", "datasets", "matplotlib"} == set()


def test_help_imports_nothing_that_a_command_computes_with(checkout: Path) -> None:
    shown = run(sys.executable, "-X", "importtime", "-m", "seethink.cli", "data", "build", "--help", cwd=checkout)
    assert shown.returncode == 0 and "--retry-unanswered" in shown.stdout, shown.stderr
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in shown.stderr.splitlines()}
    assert "typer" in imported
    assert imported & {"torch", "transformers", "numpy", "scipy", "pyarrow", "PIL", "openai"} == set()


def test_help_answers_at_once(checkout: Path) -> None:
    """Half a second of processor time, the best of three: what else runs on the machine does not count."""
    script = (
        "import resource, subprocess, sys;"
        'show = \'import sys; from seethink.cli import main; sys.argv = ["seethink", "--help"]; main()\';'
        "subprocess.run([sys.executable, '-c', show], check=True, stdout=subprocess.DEVNULL);"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); print(used.ru_utime + used.ru_stime)"
    )
    seconds = [float(run(sys.executable, "-c", script, cwd=checkout).stdout) for _ in range(3)]
    assert min(seconds) < 0.5


@pytest.fixture(scope="module")
def tree(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package whose layers may be broken."""
    folder = tmp_path_factory.mktemp("layers")
    shutil.copytree(checkout / "seethink", folder / "seethink", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(checkout / "pyproject.toml", folder)
    return folder


def broken_contracts(tree: Path) -> list[str]:
    shown = run(BIN / "lint-imports", "--no-cache", cwd=tree)
    assert re.search(r"^Contracts: \d+ kept, \d+ broken", shown.stdout, re.MULTILINE), shown.stdout + shown.stderr
    return re.findall(r"^(.+) BROKEN", shown.stdout, re.MULTILINE)


def test_the_layers_hold(tree: Path) -> None:
    assert broken_contracts(tree) == []


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("core/item.py", "import seethink.answers", "layers"),
        ("answers/__init__.py", "import seethink.teachers", "layers"),
        ("world/__init__.py", "import seethink.models", "layers"),
        ("rewards/__init__.py", "import seethink.data", "layers"),
        ("training/__init__.py", "import seethink.evaluation", "layers"),
        ("evaluation/__init__.py", "import seethink.study", "layers"),
        ("study/__init__.py", "import seethink.cli", "layers"),
        ("analysis/__init__.py", "import seethink.models", "analysis"),
        ("analysis/__init__.py", "import seethink.teachers", "analysis"),
        ("core/item.py", "import torch", "torch"),
        ("rewards/__init__.py", "from transformers import AutoModel", "torch"),
        ("teachers/__init__.py", "from openai import AsyncOpenAI", "the openai SDK"),
        ("data/__init__.py", "import openai.types", "the openai SDK"),
        ("training/__init__.py", "from trl import GRPOTrainer", "the trainer"),
        ("analysis/__init__.py", "import matplotlib.pyplot", "the plotting library"),
        ("data/__init__.py", "import daft", "the cluster engine"),
        ("data/engines/local.py", "import ray", "the cluster engine"),
        ("models/__init__.py", "import torchvision", "no inference server"),
    ],
)
def test_an_import_against_the_layers_is_found(tree: Path, module: str, line: str, contract: str) -> None:
    path = tree / "seethink" / module
    before = path.read_text()
    path.write_text(f"{before}\n\ndef broken() -> None:\n    {line}\n")
    try:
        assert any(name.startswith(contract) for name in broken_contracts(tree))
    finally:
        path.write_text(before)


# Hostile text

MODULES = ("os", "subprocess", "jinja2", "markupsafe", "sympy", "torch", "yaml")
HOSTILE = ("S102", "S301", "S302", "S306", "S307", "S506", "S602", "S604", "S605", "S608", "S701", "S702", "S704")


def test_no_source_evaluates_text_or_reads_a_pickle(checkout: Path) -> None:
    """With every ``noqa`` ignored: these rules know no exception."""
    rules = ",".join([*HOSTILE, "TID251"])
    found = run(BIN / "ruff", "check", "--no-cache", "--ignore-noqa", "--select", rules, "seethink", cwd=checkout)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(
    "line",
    [
        "eval(text)",
        "exec(text)",
        "import pickle",
        "from marshal import loads",
        "yaml.load(text, Loader=yaml.Loader)",
        "torch.load(text)",
        "sympy.sympify(text)",
        "from sympy.parsing.sympy_parser import parse_expr",
        "subprocess.run(text, shell=True)",
        "os.system(text)",
        "jinja2.Environment(autoescape=False)",
        "markupsafe.Markup(text)",
        "print(text)",
    ],
)
def test_ruff_refuses_a_line_that_would_do_it(line: str, checkout: Path, tmp_path: Path) -> None:
    imports = "\n".join(f"import {name}" for name in MODULES)
    source = tmp_path / "hostile.py"
    shutil.copy(checkout / "pyproject.toml", tmp_path)
    source.write_text(f"{imports}\n\n\ndef act(text: str) -> None:\n    {line}\n")
    found = run(BIN / "ruff", "check", "--no-cache", "--output-format", "concise", source, cwd=tmp_path)
    assert re.search(r"hostile\.py:\d+:\d+: (S\d+|TID251|T201) ", found.stdout), found.stdout


# The repository


def test_no_file_names_a_folder_of_one_machine(checkout: Path) -> None:
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=checkout)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: nothing says which files are ours")
    # Spelled in pieces, so that this file passes its own test.
    folder = re.compile(rb"(?<![\w.:/])/(?:%s)/" % b"|".join([b"root", b"work", b"home/[a-z]+", b"tmp/v", b"opt/pypi"]))
    files = [checkout / name for name in listed.stdout.splitlines() if (checkout / name).is_file()]
    assert len(files) > 20
    assert [str(path.relative_to(checkout)) for path in files if folder.search(path.read_bytes())] == []
