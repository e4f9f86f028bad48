import pytest

from seethink.core.trace import answer_part, last_answer, line_steps, read_tags, thinking, write_tags


def test_what_is_written_is_read() -> None:
    assert read_tags(write_tags("I look.", "3")) == ("I look.", "3")


@pytest.mark.parametrize(
    "text",
    [
        "3",
        "<think>a</think>3",
        "<think>a\n<answer>3</answer>",
        "<think>a</think><answer>3</answer><answer>4</answer>",
        "<think>a</think><answer>  </answer>",
        "<answer>3</answer><think>a</think>",
        "<think>a</think></answer>3<answer>",
    ],
)
def test_the_strict_rule_refuses_anything_but_one_answer_block_after_the_thinking(text: str) -> None:
    assert read_tags(text) is None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>a</think><answer>3</answer>", "3"),
        ("<answer>2</answer> no, <answer>3</answer>", "3"),
        ("<think>a</think>3", "3"),
        ("I see.\n3\n", "3"),
        ("<answer>3", "3"),
        ("<think>write <answer>9</answer></think>\nSo\n3", "3"),
        ("<think>a\n<answer>3</answer></think>", "3"),
        ("", ""),
    ],
)
def test_a_plain_reader_takes_the_last_answer_anywhere(text: str, answer: str) -> None:
    assert last_answer(text) == answer


def test_the_answer_part_is_whole() -> None:
    assert answer_part("<think>a</think>I see.\n3") == "I see.\n3"
    assert answer_part("I see.\n3 ") == "I see.\n3"


def test_steps_point_back_into_the_text() -> None:
    text = "<think>one\n\n  two \n</think><answer>3</answer>"
    assert [step.text for step in line_steps(text)] == ["one", "two"]
    assert all(text[step.start : step.end] == step.text for step in line_steps(text))
    assert thinking(text) == "one\n\n  two"
