"""``python -m seethink.study.job``: one job of a study (``jobs``). The first line of its input says which study and
where; when the input ends, its first process is gone and it ends too."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

from seethink.core.config import parse_config
from seethink.study.jobs import LEFT
from seethink.study.run import make_stages
from seethink.study.settings import StudyConfig


def main() -> None:
    study, out, stages = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    make_stages(parse_config(StudyConfig, study, "the study"), Path(out), stages=Path(stages))


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(LEFT)


if __name__ == "__main__":
    main()
