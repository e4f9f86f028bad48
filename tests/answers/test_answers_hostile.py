"""Answers that would rather be code, or never end."""

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seethink.answers import Workers, grade, read_expression, same_expressions
from seethink.answers.pool import Comparison
from seethink.core.verdict import Outcome

ROOT = Path(__file__).resolve().parents[2]

PAYLOADS = [
    "__import__('os').system('touch X')",
    "().__class__.__bases__[0].__subclasses__()",
    "eval('1')",
    "exec('open(chr(88),chr(119))')",
    "lambda: 1",
    "open('X','w').write('x')",
    r"\text{__import__('os').system('touch X')}",
    r"\operatorname{__import__}(os)",
    r"\input{/etc/passwd}",
    r"\write18{touch X}",
    r"\frac{1}{",
    "{" * 900,
    "(" * 900,
    r"\sqrt{" * 300,
    "\x00",
    "1\x00",
    "\ud800",
    "1\udfff",
    "\u202e1",
    "1" * 1_999,
    "a" * 100_000,
    "9" * 100_000,
    "$" * 1_000,
    "\\" * 1_001,
    "%s %n {0} ${HOME}",
    "<script>alert(1)</script>",
]


@pytest.mark.parametrize("verifier", ["digit", "mcq", "math", "iou"])
def test_no_payload_raises_scores_or_leaves_a_trace(item, verifier, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    gold = {"digit": "3", "mcq": "B", "math": "3", "iou": "[0, 0, 1, 1]"}[verifier]
    verdicts = grade([item(verifier, gold)] * len(PAYLOADS), PAYLOADS)
    assert all(not verdict.score for verdict in verdicts)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("answer", ["9^{9^{9^{9}}}", "(10^{10})!"])
def test_no_comparison_outlives_its_deadline(item, answer):
    pool = Workers(deadline=60.0)
    pool.compare([("x", "x")])
    pool.deadline = 1.0
    begun = time.monotonic()
    (verdict,) = same_expressions([item("math", "3")], [answer], pool)
    assert time.monotonic() - begun < 20
    assert (verdict.score, verdict.outcome) == (None, Outcome.TIMEOUT)
    pool.close()


PROBE = """
import builtins, json, logging, sys
from seethink.answers import worker
from seethink.core import guard
logging.disable(logging.CRITICAL)
guard.read_numerals_only()
benign = [(r"y=-5\\sin(-5x)", r"y=5\\sin(5x)"), ("y=(x-2)^2", "y=x^2-4x+4"), ("y=2", "y=2x"), (r"\\frac{2}{4}", "0.5")]
for pair in benign:
    worker.compare(*pair)
called = []
def watched(name, original):
    def call(*arguments, **named):
        caller = sys._getframe(1).f_globals.get("__name__")
        if caller != "sympy.polys.monomials" and not guard._importing():
            called.append([name, caller, repr(arguments[0])[:80]])
            raise RuntimeError(name)
        return original(*arguments, **named)
    return call
for name in ("eval", "exec", "compile"):
    setattr(builtins, name, watched(name, getattr(builtins, name)))
payloads, pairs = json.loads(sys.stdin.read())
outcomes = [worker.compare("3", payload).value for payload in payloads]
real = [worker.compare(*pair).value for pair in pairs]
again = [worker.compare(*pair).value for pair in benign]
print(json.dumps([called, outcomes, real, again]))
"""


def probed(payloads, pairs, folder):
    """Who called eval, exec or compile of those that now raise, and what payloads, pairs and benign pairs came to."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        input=json.dumps([payloads, pairs]),
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert list(folder.iterdir()) == []
    return json.loads(done.stdout)


def test_eval_exec_and_compile_raise_and_are_never_missed_once_imports_are_done(tmp_path):
    raw = [payload for payload in PAYLOADS if len(payload) < 500 and payload.count("{") < 100]
    near = [[gold, answer, "5%"] for gold, answer in CORPUS[2:9]]
    called, outcomes, decided, again = probed(raw, [*CORPUS, *near], tmp_path)
    assert called == []
    assert "equal" not in outcomes
    assert decided[: len(CORPUS)] == [comparison.value for comparison in Workers(deadline=60.0).compare(CORPUS)]
    assert again == ["equal", "equal", "different", "equal"]


def test_real_golds_are_compared_without_evaluating_anything(tmp_path, real_data):
    golds = [
        json.loads(line)["answer"]
        for name in ("mathverse/testmini_text_only_subset.jsonl", "wemath/testmini_subset.jsonl")
        for line in (real_data / name).read_text(encoding="utf-8").splitlines()
    ]
    read = list(dict.fromkeys(one.latex for gold in golds if (one := read_expression(gold)) and len(gold) > 1))
    assert len(read) > 20
    called, _, decided, _ = probed([], [*zip(read, read, strict=True), *itertools.pairwise(read)], tmp_path)
    assert called == []
    assert decided[: len(read)].count("equal") > len(read) / 2


GUARDED = """
import sys, os, subprocess, socket
from seethink.core import guard
from math_verify import parse, ExprExtractionConfig, LatexExtractionConfig
parse("$1$", [LatexExtractionConfig()])
guard.install()
attempts = {
    "eval": lambda: eval("1+1"),
    "exec": lambda: exec("x=1"),
    "compile": lambda: compile("1", "x", "eval"),
    "system": lambda: os.system("touch X"),
    "popen": lambda: subprocess.Popen(["touch", "X"]),
    "fork": lambda: os.fork(),
    "write": lambda: open("X", "w"),
    "remove": lambda: os.remove("X"),
    "socket": lambda: socket.create_connection(("127.0.0.1", 9)),
    "plain extractor": lambda: parse("__import__", [ExprExtractionConfig()], parsing_timeout=None) or parse(
        "answer is: (1+1)*2", [ExprExtractionConfig()], parsing_timeout=None),
}
for name, attempt in attempts.items():
    try:
        attempt()
        print(name, "went through")
    except guard.Refused:
        print(name, "refused")
"""


def test_the_guard_refuses_code_files_programs_and_sockets(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", GUARDED],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(done.stdout.splitlines()) == 10
    assert "went through" not in done.stdout
    assert list(tmp_path.iterdir()) == []


STOCK = """
import json, logging, sys
from seethink.answers import worker
logging.disable(logging.CRITICAL)
print(json.dumps([worker.compare(*pair).value for pair in json.loads(sys.stdin.read())]))
"""

CORPUS = [
    (r"y=4\cos(-3x)", r"y=4\cos(3x)"),
    (r"y=4\cos(-3x)", r"y=4\cos(3x+1)"),
    (r"\frac{1}{3}", "0.333333333"),
    ("007", "7"),
    ("1.50", r"\frac{3}{2}"),
    ("1,000", "1000"),
    (".5", "0.5"),
    (r"50\%", "0.5"),
    (r"\sqrt{8}", r"2\sqrt{2}"),
    (r"\{1,2\}", r"\{2,1\}"),
    ("(0,1]", "[0,1)"),
    (r"\begin{pmatrix}1&2\end{pmatrix}", r"\begin{pmatrix}1&2.0\end{pmatrix}"),
    (r"\log_{2}(8)", "3"),
    (r"\int_0^1 x dx", r"\frac{1}{2}"),
    ("x<3", "3>x"),
    (r"\binom{4}{2}", "6"),
]


def test_the_guarded_worker_decides_as_plain_math_verify_does():
    done = subprocess.run(
        [sys.executable, "-c", STOCK],
        input=json.dumps(CORPUS),
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    pool = Workers(deadline=60.0)
    compared = pool.compare(CORPUS)
    pool.close()
    assert [comparison.value for comparison in compared] == json.loads(done.stdout)
    assert Comparison.REFUSED not in compared and Comparison.EQUAL in compared and Comparison.DIFFERENT in compared
