"""Any text at all, as an answer and as a response: no crash, no score outside [0, 1], nothing late."""

import time
from operator import add

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


FRAGMENT = st.sampled_from(FRAGMENTS)
JOINED = st.lists(FRAGMENT, max_size=60).map("".join)
TEXT = st.one_of(
    JOINED,
    st.text(max_size=60),
    st.builds(add, JOINED, st.text(max_size=30)),
    # One thing over and over: where a reader's time grows with the square of a text, it shows here.
    st.builds(lambda before, what, times: before + what * times, JOINED, FRAGMENT, st.integers(2, 400)),
)
SHORT_AND_NASTY = st.builds(add, JOINED, st.sampled_from([nasty for nasty in NASTY if len(nasty) < MAX_ANSWER]))


def in_tags_or_not(text):
    return st.one_of(text, text.map("<think>a</think><answer>{}</answer>".format))


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


def many(inputs, derandomize):
    return settings(
        max_examples=inputs,
        derandomize=derandomize,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.parametrize("inputs", [5_000, pytest.param(200_000, marks=pytest.mark.slow)])
def test_random_texts(item, hasty_workers, inputs):
    items = [item(verifier, **fields) for verifier, golds in GOLDS.items() for fields in golds]

    # The short run is the same everywhere; the long one looks somewhere else each time.
    @many(inputs, derandomize=inputs == 5_000)
    @given(st.sampled_from(items), in_tags_or_not(TEXT))
    def every_text(one, text):
        check(one, text)

    every_text()


@pytest.mark.parametrize("inputs", [50, pytest.param(500, marks=pytest.mark.slow)])
def test_random_texts_with_a_nasty_end(item, hasty_workers, inputs):
    items = [item(verifier, **fields) for verifier, golds in GOLDS.items() for fields in golds]

    @many(inputs, derandomize=inputs == 50)
    @given(st.sampled_from(items), in_tags_or_not(SHORT_AND_NASTY))
    def every_text(one, text):
        check(one, text)

    every_text()
