"""Any text at all, as an answer and as a response: no crash, no score outside [0, 1], nothing late.

Inputs are drawn from seeds, so that a failure names one that can be drawn again.
"""

import random
import time

import pytest

from seethink.answers import MAX_ANSWER, final_answer, grade, shared_workers, use_workers
from seethink.core.item import make_item
from seethink.core.trace import read_tags
from seethink.core.verdict import UNDECIDED

DEADLINE = 1.0
MARGIN = 0.5

GOLDS = {
    "digit": [{"gold": "3"}],
    "mcq": [{"gold": "B"}, {"gold": "B", "options": ("1", "2", "3")}, {"gold": "A, C", "options": ("x", "y", "z")}],
    "math": [{"gold": "3"}, {"gold": r"y=5\sin(5x)"}, {"gold": "12 cm", "tolerance": "5%"}],
    "open": [{"gold": "a dog"}],
    "iou": [{"gold": "[0, 0, 1, 1]"}, {"gold": "[[0, 0, 9, 9], [9, 9, 20, 20]]", "size": (20, 20)}],
}

NASTY = [
    "9**9**9**9",
    "9^{9^{9^{9}}}",
    "2^{2^{2^{2^{2^{2}}}}}",
    "(10^{10})!",
    "99999999!",
    r"\binom{1000000000}{500000000}",
    r"\sum_{i=1}^{10^{9}} \frac{1}{i}",
    r"\prod_{i=1}^{10^{6}} i",
    r"\int_0^1 x^{x^{x}} dx",
    r"\lim_{x\to 0} \frac{\sin(1/x)}{x}",
    r"\frac{1}{0}",
    "0^0",
    "1e999999999",
    "1" * 1_999,
    "9" * 900 + "^" + "9" * 900,
    "(x+1)^{999}",
    "+".join(f"x_{{{i}}}" for i in range(300))[:MAX_ANSWER],
    "[({" * 333_333,
    "(" * 500_000 + ")" * 500_000,
    "(" * 999 + ")" * 999,
    r"\frac{1}{" * 10_000 + "1" + "}" * 10_000,
    r"\frac{1}{" * 180 + "1" + "}" * 180,
    r"\sqrt{" * 250 + "2" + "}" * 250,
    r"\boxed{" * 250 + "3" + "}" * 250,
    r"\boxed{" * 5_000,
    r"\text{" + " " * 1_900,
    "\\" * 1_001,
    "$" * 1_999,
    "**" * 900,
    " " * 1_999 + "3",
    "\n" * 100_000 + "3",
    "answer " * 5_000,
    "answer is " * 5_000 + "3",
    "so " * 20_000,
    "not option A or " * 120,
    "A, " * 600,
    "[0, 0, 1, 1], " * 140,
    "[0, " + " " * 1_900 + "]",
    "<answer>" * 10_000,
    "<think><answer>3</answer></think><answer>3</answer>",
    "<think>a</think><answer>3</answer><answer>4</answer>",
    "<think></think></think><answer>3</answer>",
    "<think>a</think><answer>\u200b3\u202e4</answer>",
    "3\u0000",
    "\ud800",
    "\u0663",
    "\U0001d7d1",
    "\u0410",
    "\u202e)3(",
    "e\u0301" * 900,
    "三" * 1_000,
    "一" * 10_000,
    "９" * 1_000,
    "%s %n {0} ${HOME} `id`",
    "__import__('os').system('false')",
    "{'a': {}}",
]

FRAGMENTS = [
    *"0123456789 .,:;()[]{}<>$%^_*+-=/\\|&!?'\"\n\tABCDExyz",
    *("3", "12", "-3", "0.5", "1e9", "x", "y=", "f(x)=", "pi", "cm", "km/h", "degrees", "%", "√", "π", "²", "°", "−"),
    *(
        r"\frac{1}{2}",
        r"\sqrt{",
        r"\boxed{",
        "}",
        r"\text{",
        r"\left(",
        r"\right)",
        r"\cdot",
        r"\pi",
        r"\circ",
        r"\(",
        r"\]",
    ),
    *(
        "The answer is ",
        "Answer: ",
        "so ",
        "Therefore, ",
        "option ",
        "(A)",
        "(B) ",
        "A or B",
        "not ",
        "and ",
        "three",
        "no",
    ),
    *(
        "<think>",
        "</think>",
        "<answer>",
        "</answer>",
        "**",
        "### ",
        "```",
        "\n\n",
        "答案是",
        "选",
        "三",
        "十二",
        "分之",
        "个",
    ),
    *("\u200b", "\u202e", "\u3000", "Ｃ", "３", "\x00", "\ud800", "\U0001f600", "[0.1, 0.2, 0.7, 0.5]", "0 0 1 1"),
]


def drawn(seed: int) -> str:
    """A text: fragments in a row, often few, sometimes repeated, sometimes inside the tags or a nasty one."""
    draw = random.Random(seed)
    parts = [draw.choice(FRAGMENTS) for _ in range(min(int(draw.expovariate(0.15)), 60))]
    if draw.random() < 0.05:
        parts += [draw.choice(parts or ["("])] * draw.randrange(1, 400)
    if draw.random() < 0.1:
        parts += [chr(draw.randrange(1, 0x3000)) for _ in range(draw.randrange(1, 30))]
    text = "".join(parts)
    if draw.random() < 0.002:
        text += draw.choice([nasty for nasty in NASTY if len(nasty) < MAX_ANSWER])
    return f"<think>a</think><answer>{text}</answer>" if draw.random() < 0.2 else text


@pytest.fixture(scope="module")
def hasty_workers():
    """What imports and starts has no deadline, so that comes first."""
    use_workers(size=1, deadline=60.0)
    grade([make_item(source="fuzz", question="?", gold="1", verifier="math")], ["2"])
    grade([make_item(source="fuzz", question="?", verifier="iou", **GOLDS["iou"][1])], [GOLDS["iou"][1]["gold"]])
    shared_workers().deadline = DEADLINE
    yield
    use_workers(size=1, deadline=60.0)


def check(item, text):
    """The text as an answer, as a response under the tag rule, and as one without."""
    late = 0.0
    for read in (
        lambda: text,
        lambda: getattr(read_tags(text), "answer", ""),
        lambda: final_answer(text, item.verifier, item.options),
    ):
        # A busy machine is late by itself at times; what is late again and again is our doing.
        for tried in range(5):
            time.sleep(tried)
            begun = time.monotonic()
            answer = read()
            (verdict,) = grade([item], [answer or ""])
            late = time.monotonic() - begun
            if late <= DEADLINE + MARGIN:
                break
        assert late <= DEADLINE + MARGIN
        assert (verdict.score is None) == (verdict.outcome in UNDECIDED)
        assert verdict.score is None or 0.0 <= verdict.score <= 1.0


def test_nasty_texts(item, hasty_workers):
    items = [item(verifier, **golds[-1]) for verifier, golds in GOLDS.items()]
    for text in NASTY:
        for one in items:
            check(one, text)


@pytest.mark.parametrize(("first", "inputs"), [(0, 5_000), pytest.param(5_000, 200_000, marks=pytest.mark.slow)])
def test_random_texts(item, hasty_workers, first, inputs):
    items = [item(verifier, **fields) for verifier, golds in GOLDS.items() for fields in golds]
    for seed in range(first, first + inputs):
        try:
            check(items[seed % len(items)], drawn(seed))
        except BaseException as error:
            raise AssertionError(f"input {seed}: {drawn(seed)[:200]!r}") from error
