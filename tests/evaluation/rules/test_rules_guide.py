"""The guide's example gives what the guide says."""

import json
import os
import re
import subprocess
import sys

SHOWN = """
import json
print(json.dumps([[row.hit for row in scored.verdicts], [row.judge_calls for row in scored.verdicts],
                  scored.judge_calls, [scored.headline, scored.headline_name], dict(scored.metrics[0])]))
"""


def test_the_example(checkout, tmp_path):
    guide = (checkout / "docs" / "guide" / "evaluation.md").read_text(encoding="utf-8")
    (code,) = (block for block in re.findall(r"```python\n(.*?)```", guide, re.DOTALL) if "rules import" in block)
    script = tmp_path / "example.py"
    script.write_text(code + SHOWN, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": str(checkout)},
    )
    assert done.returncode == 0, done.stderr
    hits, calls, total, headline, line = json.loads(done.stdout)
    assert (hits, calls, total, headline) == ([True, True, True], [1, 0, 2], 3, [100.0, "Overall, acc"])
    assert (line["tot"], line["prefetch"], line["hit"]) == (3, 1, 3)
