"""The lenient reading finds the answer that a person reads, and finds nothing where a person doubts.

The responses are written for these tests; None is the answer where a person reads none.
"""

import pytest

from seethink.answers import final_answer, grade, read_boxes, read_choices, read_number
from seethink.answers.prose import READ
from seethink.core.item import Verifier
from seethink.core.verdict import Outcome

DIGIT = [
    ("3", 3),
    ("Three.", 3),
    ("There are 3 cylinders.", 3),
    ("The answer is 3.", 3),
    ("**Answer:** 3", 3),
    ("### Answer\n3", 3),
    ("**Final Answer**\n\n$3$", 3),
    ("Answer: three", 3),
    ("12 balls minus 9 balls: 12 - 9 = 3", 3),
    ("I count 12 objects. 9 of them are cubes, so 12 - 9 = 3 remain.\n\n\\boxed{3}", 3),
    ("First there are 12 objects.\nThen 9 are taken away.\nSo there are 3 objects left.", 3),
    ("We need 4 + 2 = 6 and then 6 - 3 = 3. Therefore, 3 people are left.", 3),
    ("Therefore, there are 16 people at 4 tables.", 16),
    ("Therefore, we can seat 4 * 4 = 16 people at four tables.", 16),
    ("The number of cubes is 5 and the number of balls is 2. The total is 5 + 2 = 7.", 7),
    ("There are 5 people in the picture. The man on the left wears a hat, two of them are sitting.", 5),
    ("In total, there are 8 shapes. I hope this helps!", 8),
    ("The final answer is $\\boxed{8}$.", 8),
    ("So the answer is 8, because 5 + 3 = 8.", 8),
    ("The answer is 12 - 4 = 8.", 8),
    ("Let us count: 1, 2, 3, 4. Hence the number of triangles is 4.", 4),
    ("To answer the question, we count the balls: there are 2 red and 3 blue ones. Altogether 5.", 5),
    ("The answer is not 4. The answer is 5.", 5),
    ("At first I thought the answer is 4. Counting again, the answer is 5.", 5),
    ("所以一共有三个球。", 3),
    ("图中有5个圆和2个方块，答案是７。", 7),
    ("因此剩下十二个物体。", 12),
    ("答案：\n4", 4),
    ("<think>maybe 4</think>There are 5.", 5),
    ("<think>the tag <answer>9</answer> is wanted</think>So it is 5", 5),
    ("<answer>The answer is 5, not 6.</answer>", 5),
    ("The queue is longest in week **3**. Weeks come and go.\nAsk me for more!", 3),
    ("The answer is 3 or 4.", None),
    ("There are either 3 or 4 balls.", None),
    ("I cannot tell from the picture.", None),
    ("", None),
    ("It takes 5 workers 12 days.", None),
]

MATH = [
    ("16", "16"),
    ("Since we can seat 4 people at one table, we seat 4 * 4 = 16 people.\n\n\\boxed{16}", "16"),
    ("Therefore, the area of the shaded region is 36 square units.", "36"),
    ("The perimeter is 2(3 + 5) = 16 cm.", "16"),
    ("**Answer:** $\\frac{3}{4}$", "\\frac{3}{4}"),
    ("The answer is \\(\\frac{3}{4}\\).", "\\frac{3}{4}"),
    ("So we get\n\\[\nx = \\frac{3}{4}\n\\]", "\\frac{3}{4}"),
    ("Solving, $2x = 10$, so $x = 5$.", "5"),
    ("Hence the function is $y = 2x + 1$.", "y=2x+1"),
    ("The equation of the line is y = 2x + 1.", "y=2x+1"),
    ("Therefore, the length of $AB$ is $2\\sqrt{3}$ cm.", "2\\sqrt{3}"),
    ("Therefore the value of $x$ is 7.", "7"),
    ("The volume is $V = \\pi r^2 h = 36\\pi$ cubic centimeters.", "36\\pi"),
    ("The final answer is 3.14.", "3.14"),
    ("The total cost is $5 + $7 = $12.", "12"),
    ("So, the answer is approximately 81.67.", "81.67"),
    ("The probability is 3/8.", "3/8"),
    ("**Final Answer:** The distance is 12.5 km.", "12.5"),
    ("The answer is 1,024.", "1024"),
    ("Thus, 40% of the students walk.", "40\\%"),
    ("Answer: 60°", "60"),
    ("The measure of angle ABC is 60 degrees.", "60"),
    ("Using the theorem we find AB = 12 and BC = 5, so AC = 13.", "13"),
    ("Step 1: 3 + 4 = 7\nStep 2: 7 * 2 = 14\nThe result is 14.", "14"),
    ("所以三角形的面积是12平方厘米。", "12"),
    ("因此，x=三分之二。", "\\frac{2}{3}"),
    ("Area = 1/2 * 6 * 4 = 12\n\nSo the area of the triangle is 12 square centimeters.", "12"),
    ("The answer is -3.", "-3"),
    ("The slope is −2.", "-2"),
    ("Therefore $2^{10} = 1024$ is the number of ways.", "1024"),
    ("The year of the largest value is 2004.", "2004"),
    ("The answer is 10:30.", "10:30"),
    ("The answer is 5 or -5.", None),
    ("It depends on the picture.", None),
    ("The graph rises.", None),
]

OPTIONS = ("145°", "125°", "90°", "35°")
WORDS = ("Yes", "No")
COLOURS = ("red", "dark red", "blue", "light green")

MCQ = [
    ("B", (), "B"),
    ("(B)", (), "B"),
    ("B. 125°", OPTIONS, "B"),
    ("The answer is B.", (), "B"),
    (
        "The answer is **(B) No**.\n\nThe picture shows a cat. So the answer is no, there are not fewer cats.",
        WORDS,
        "B",
    ),
    ("The correct answer is (B) because (A) is too small and (C) is too large.", (), "B"),
    ("The correct option is B: 125°.", OPTIONS, "B"),
    ("Option B is the correct answer.", (), "B"),
    ("(B) is the correct choice.", (), "B"),
    ("A is the correct answer.", (), "A"),
    ("Therefore, the answer is option (c).", (), "C"),
    ("**Answer: C**", (), "C"),
    ("**Correct Answer:**\n\n**C**", (), "C"),
    ("Answer: \\boxed{C}", (), "C"),
    ("\\boxed{\\text{C}}", (), "C"),
    ("Angle 1 is 35, so angle 2 = 180 - 35 = 145°.\n\n\\boxed{145^\\circ}", OPTIONS, "A"),
    ("So angle 2 is 145 degrees. The answer is 145°.", OPTIONS, "A"),
    ("Angle 1 is 35°, hence angle 2 = 180° - 35° = 145°.", OPTIONS, "A"),
    ("Therefore, figure D completes the pattern.", (), "D"),
    ("Therefore, the missing piece is figure D.", (), "D"),
    ("The picture that fits best is D", (), "D"),
    ("I would choose D because the dots move clockwise.", (), "D"),
    ("Yes, the bar of June is the highest.", WORDS, "A"),
    ("No.", WORDS, "B"),
    ("The largest slice is dark red.", COLOURS, "B"),
    ("The largest slice is shown in light green, so it is D.", COLOURS, "D"),
    ("The answer is red", COLOURS, "A"),
    ("Looking at the options:\nA is too small.\nB is too large.\nC fits.\n\nAnswer: C", (), "C"),
    ("The answer choices are A, B, C and D. The pattern turns left each time. The answer must be B.", (), "B"),
    ("To answer this, compare (A) and (B). The final answer is (A).", (), "A"),
    ("答案是C。", (), "C"),
    ("因此选项B正确，故选B。", (), "B"),
    ("综上所述，正确答案为：Ｄ", (), "D"),
    ("The answer is A or B.", (), None),
    ("A. Lyon has 5 parks.\nB. Nice has 7 parks.\nC. Brest has 2 parks.", (), None),
    (
        "<|im_start|>user\nquestion: 1 + 1? A) 2 B) 3\nanswer: A\n\nWhich one?\nanswer: <|im_start|> assistant\nC",
        (),
        "C",
    ),
    ("USER: Which? The answer is one letter, like A.\nASSISTANT: B</s>", (), "B"),
    ("D###", (), "D"),
    ("The answer is not B.", (), None),
    ("None of the options fit.", (), None),
    ("A cat is in the picture.", (), None),
    ("I think it is hard to tell.", (), None),
    ("In the figure, D is the midpoint of BC. So the area is 12.", (), None),
    ("E = 5 since both sides are equal.", (), None),
    ("D is the midpoint of BC and the triangle is isosceles.", (), None),
    ("We compare them.\nSo B, since the others turn left.", (), "B"),
    ("We compare them.\nTherefore B.", (), "B"),
    ("Red is the largest part, as the chart shows.", COLOURS, "A"),
    ("The answers are A and C.", (), "A, C"),
    ("The correct options are (A), (C).", (), "A, C"),
]

IOU = [
    ("[0.1, 0.2, 0.7, 0.5]", "[0.1, 0.2, 0.7, 0.5]"),
    ("The dog is at [0.1, 0.2, 0.7, 0.5].", "[0.1, 0.2, 0.7, 0.5]"),
    ("The picture is 640 by 480. The answer is (0.1, 0.2, 0.7, 0.5).", "[0.1, 0.2, 0.7, 0.5]"),
    ('```json\n[\n  {"bbox_2d": [0.1, 0.2, 0.7, 0.5], "label": "dog"}\n]\n```', "[0.1, 0.2, 0.7, 0.5]"),
    ("First box: [0, 0, 1, 1] is too large.\n\nFinal box: [0.1, 0.2, 0.7, 0.5]", "[0.1, 0.2, 0.7, 0.5]"),
    ("There is no dog.", None),
]

DIGIT += [
    ("The answer is 12 - 4, which equals 8.", 8),
    ("The answer is 5 (five).", 5),
    ("The answer is $8$ since $x = 3$ gives the rest.", 8),
    ("Subtracting leaves 5 objects.", 5),
    ("The number of sides is six.", 6),
    ("The man was born in 1961 and the woman in 1954. So the age gap is 7 years.", 7),
    ("**7 years**\n", 7),
    ('{"answer": 7}', 7),
    ("There is only one cube.", 1),
    ("Answer - 4", 4),
    ("4 of the 9 shapes are red.", 4),
    ("Sure, the answer is 5. Here are the steps:\n1. Count the 12 shapes.\n2. Take away the 7 red ones.", 5),
    ("In conclusion, 7 squares can be formed.", 7),
    ("So, Tom needs at least 7 minutes to arrive.", 7),
    ("Therefore, the 4th figure has 16 squares.", 16),
    ("So the sum of the numbers 3, 5 and 8 is 16.", 16),
    ("Therefore, Peter has 3 more marbles than Ann.", 3),
    ("The number that replaces the question mark should be 12", 12),
    ("We start at 5.\nThe answer is -3.", -3),
    ("We start at 5.\nAnswer - 3", 3),
]

MATH += [
    ("The answer is found by adding 3 and 4, which equals 7.", "7"),
    ("The answer is the sum of the two angles, 30° + 45° = 75°.", "75"),
    ("The answer is $16$ because $4 \\times 4 = 16$.", "16"),
    ("The answer is $8$ since $x = 3$ gives the rest.", "8"),
    ("The answer is y = 2x + 1, since the slope is 2.", "y=2x+1"),
    ("Step 1: find the point.\n\nTherefore, the coordinates are (3, 4).", "(3,4)"),
    ("The area is $\\frac{1}{2} \\cdot 8 \\cdot 4 = \\boxed{16}$.", "16"),
    ("The answer is 12 (twelve).", "12"),
    ("Thus the answer is three.", "3"),
    ("So the length of the arc is 5π cm.", "5\\pi"),
    ("The value is x ≈ 3.74.", "3.74"),
    ("We solve it.\nSo x = 5 or x = -5.", "x=-5 or x=5"),
    ("The answer is 5 or 6, since x = 5 or 2x = 12.", None),
    ("After simplifying, we obtain $\\frac{\\sqrt{3}}{2}$.", "\\frac{\\sqrt{3}}{2}"),
    ("f(x) = 3x - 2 is the function we look for.", "y=3x-2"),
    ("The result is:\n$$\n\\frac{1}{2}\n$$", "\\frac{1}{2}"),
    ("Answer: 1 1/2", "3/2"),
    ("The remaining area is 20 - 5 = 15 m^2.", "15 m^2"),
    ("Thus, the total number of ways is $\\binom{5}{2} = 10$.", "10"),
    ("**Therefore, the answer is 24 cm².**", "24"),
    ("Let x be the side.\n\nSo x must equal 12.", "12"),
    ("Let $a$ be the side.\nThe answer is $-\\frac{1}{2}$.", "-\\frac{1}{2}"),
    ("Answer: 2.5e3", "2500"),
    ("Answer: $12.50", "12.5"),
    ("Counting gives\n\n\\boxed{3\\text{ apples}}", "3"),
]

MCQ += [
    ("Based on the pattern, option B would be the correct answer.", (), "B"),
    ("The image that replaces the question mark is C.", (), "C"),
    ("Therefore, the shape that should come next is option E.", (), "E"),
    ("D. The shapes turn clockwise and the dots move on by one.", (), "D"),
    ('{"answer": "B"}', (), "B"),
    ("The answer is B, I think.", (), "B"),
    ("Hence, option C", (), "C"),
    ("The answer is Figure A.", (), "A"),
    ("B is the only figure with an axis of symmetry.", (), "B"),
    ("The perimeter of the square is 16. Each side is 4 long.", ("12", "16", "20"), "B"),
    ("Each side is 4 long. The perimeter is 4 * 4 = 16.", ("12", "16", "20"), "B"),
    ("The ratio is 3 to 4, so the answer is 3/4.", ("1/2", "0.75", "3/5"), "B"),
    ("The triangle is isosceles.\nIts base angles are 35 degrees each.", OPTIONS, "D"),
    ("It's B.", (), "B"),
    ("Hence the height is $6\\sqrt{2}$ cm.", ("6", "6√2", "12"), "B"),
    ("Therefore the probability is $\\frac{1}{3}$.", ("$\\frac{1}{2}$", "$\\frac{1}{3}$"), "B"),
    ("We use the theorem.\nThe final answer is: $\\boxed{(C)}$", (), "C"),
    ("Final Answer: (D) 12√3", (), "D"),
    ("Answer: 12 (option B)", (), "B"),
    ("The answer is 12, which is option B.", (), "B"),
    ("The bar is tallest there. It is Thursday.", ("Monday", "Thursday", "Friday"), "B"),
    ("We compare both.\nThe correct options are (A), (C).", (), "A, C"),
    ("True, since both angles are right.", ("True", "False"), "A"),
    ("The statement is false.", ("True", "False"), "B"),
    ("A", ("A", "B", "C", "D"), "A"),
    ("The answer is the third picture.", (), None),
    ("Not enough information is given to choose among A, B, C and D.", (), None),
]


@pytest.mark.parametrize(("response", "number"), DIGIT)
def test_counts(response, number):
    found = final_answer(response, Verifier.DIGIT)
    assert (None if found is None else read_number(found)) == number


@pytest.mark.parametrize(("response", "options", "letters"), MCQ)
def test_options(response, options, letters):
    found = final_answer(response, Verifier.MCQ, options)
    assert (None if found is None else ", ".join(read_choices(found, options))) == letters


def test_expressions(item):
    found = [final_answer(response, Verifier.MATH) for response, _ in MATH]
    verdicts = grade([item("math", gold or "1") for _, gold in MATH], [answer or "" for answer in found])
    told = [(text, verdict.outcome is Outcome.CORRECT) for (text, _), verdict in zip(MATH, verdicts, strict=True)]
    assert told == [(text, gold is not None) for text, gold in MATH]


@pytest.mark.parametrize(("response", "boxes"), IOU)
def test_boxes(response, boxes):
    found = final_answer(response, Verifier.IOU)
    assert (found and read_boxes(found)) == (boxes and read_boxes(boxes))


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("<think>a</think><answer>a dog\nand a cat</answer>", "a dog\nand a cat"),
        ("<think>a</think>A dog\nand a cat.", "A dog\nand a cat."),
        ("I look closely.\n**Answer:** a dog", "a dog"),
        ("I look closely.\nIt is a dog.", "It is a dog."),
        ("", None),
    ],
)
def test_open_answers_are_taken_whole(response, answer):
    assert final_answer(response, Verifier.OPEN) == answer


@pytest.mark.parametrize("verifier", [Verifier.DIGIT, Verifier.MCQ, Verifier.MATH, Verifier.IOU])
def test_what_a_block_says_is_read_as_it_is(verifier):
    payload = {"digit": "3", "mcq": "B", "math": "2x", "iou": "[0, 0, 1, 1]"}[verifier]
    assert final_answer(f"The answer is 9, E.<think>a</think><answer>{payload}</answer>", verifier) == payload


OPENING = "Let us look at the picture closely. It shows several shapes.\n\n"
ANSWERS_FIRST = ("The queue is longest", "There are 5 people", "D. The shapes turn", "<", "The perimeter of the square")


@pytest.mark.parametrize("verifier", ["digit", "mcq", "iou"])
def test_what_is_said_before_changes_nothing_unless_the_answer_came_first(verifier):
    examples = {"digit": [(r, (), a) for r, a in DIGIT], "mcq": MCQ, "iou": [(r, (), a) for r, a in IOU]}[verifier]
    for response, options, answer in examples:
        if response and not response.startswith(ANSWERS_FIRST):
            found = final_answer(OPENING + response, Verifier(verifier), options)
            assert (found is None) == (answer is None), response
            read = {"digit": read_number, "mcq": lambda text, of=options: read_choices(text, of), "iou": read_boxes}
            assert found is None or read[verifier](found) == read[verifier](str(answer)), response


def test_of_a_long_response_the_end_is_read():
    response = "The answer is 1.\n" + "We look at the picture. " * READ + "\nThe answer is 2."
    assert final_answer(response, Verifier.DIGIT) == "2"
