import pytest

from seethink.answers import grade, read_box, read_choice, read_number
from seethink.answers.characters import plain, with_digits


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("３", 3),
        ("－３", -3),
        ("−3", -3),
        ("–3", -3),
        ("１，０００", 1000),
        ("三", 3),
        ("两个", 2),
        ("十", 10),
        ("十二", 12),
        ("二十", 20),
        ("一百零五", 105),
        ("一千二百三十四", 1234),
        ("一万零三", 10_003),
        ("一亿二千万", 120_000_000),
        ("二〇二五", 2025),
        ("负三", -3),
        ("有3个球。", 3),
        ("有三个球。", 3),
        ("一共有三个三角形", 3),
    ],
)
def test_full_width_and_chinese_numbers_are_counts(text, number):
    assert read_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "三四个",
        "两个球和三个方块",
        "第三个",
        "三分之一",
        "3分之1",
        "三点五",
        "3万",
        "3三",
        "三3",
        "一共",
        "①",
        "٣",
        "³",
    ],
)
def test_what_is_no_single_count_is_none(text):
    assert read_number(text) is None


@pytest.mark.parametrize(
    "text", ["Ｃ", "（Ｃ）", "Ｃ．", "答案是C", "答案为：Ｃ", "选项C", "故选C。", "选C项", "\\text{Ｃ}"]
)
def test_chinese_and_full_width_choices(text):
    assert read_choice(text) == "C"


def test_full_width_boxes():
    assert read_box("［０．１，０．２，０．７，０．５］") == (0.1, 0.2, 0.7, 0.5)


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("12", "十二"),
        ("-3", "负三"),
        (r"\frac{2}{3}", "三分之二"),
        ("3.5", "三点五"),
        ("50%", "百分之五十"),
        ("３．５", "3.5"),
        ("12 cm", "十二厘米"),
        ("12 cm^2", "12平方厘米"),
        ("-2", "−2"),
        ("y=2x-1", "ｙ＝２ｘ－１"),
    ],
)
def test_mathematics_in_other_characters(item, gold, answer):
    assert grade([item("math", gold)], [answer])[0].score == 1.0


def test_numbers_side_by_side_are_not_joined():
    assert with_digits("3三") == "3三" and with_digits("三3") == "三3"
    assert plain("plain text stays") == "plain text stays"
