"""What must work where only the core dependencies are installed. Run by the interpreter of such an environment."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

ABSENT = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "matplotlib")
CORE = ("core", "answers", "teachers", "world", "data", "rewards", "analysis")


def main() -> None:
    for name in ABSENT:
        assert importlib.util.find_spec(name) is None, f"{name} is installed: this environment shows nothing"

    seethink = importlib.import_module("seethink")
    checkout = Path.cwd()
    assert Path(str(seethink.__file__)).is_relative_to(sys.prefix), f"{seethink.__file__} is not the installed package"
    assert not (checkout / "seethink").exists(), "run this away from the checkout"

    for name in CORE:
        module = importlib.import_module(f"seethink.{name}")
        public = getattr(module, "__all__", ())
        for attribute in public:
            getattr(module, attribute)
        print(f"seethink.{name}: {len(public)} public names")

    from seethink.rewards import mixed

    assert callable(mixed), "the name other trainers import is not the reward"

    prompt = importlib.import_module("seethink.core.chat").system_prompt()
    assert "<think>" in prompt, "the system prompt did not travel with the package"

    shown = subprocess.run([Path(sys.prefix) / "bin" / "seethink", "--help"], capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    assert "study" in shown.stdout, shown.stdout

    loaded = [name for name in ABSENT if name in sys.modules]
    assert not loaded, loaded
    print("the core imports, resolves its public names and shows its help without torch")


if __name__ == "__main__":
    main()
