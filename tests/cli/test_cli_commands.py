"""The tree of commands, put together from one file per group."""

import importlib
import pkgutil

import pytest
from typer.main import get_command

import seethink.cli


@pytest.fixture(scope="module")
def leaves():
    """Every command by its words, as in "data build"."""

    def below(command, words):
        inner = getattr(command, "commands", None)
        if inner is None:
            return {" ".join(words): command}
        return {name: leaf for word, each in inner.items() for name, leaf in below(each, (*words, word)).items()}

    return below(get_command(seethink.cli.app), ())


def test_no_file_of_commands_is_forgotten(leaves):
    names = [module.name for module in pkgutil.iter_modules(seethink.cli.__path__) if module.name != "__main__"]
    files = [importlib.import_module(f"seethink.cli.{name}") for name in names]
    written = [one.name for file in files if hasattr(file, "commands") for one in file.commands.registered_commands]
    assert sorted(written) == sorted(name.split()[-1] for name in leaves)
    assert {"study", "eval", "doctor", "data build", "data strip", "reward audit"} <= leaves.keys()


def test_every_command_says_what_it_does(leaves):
    assert [name for name, command in leaves.items() if not command.help] == []
