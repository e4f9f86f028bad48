"""What counts as the same answer: one definition for curation, rewards and our own evaluation.

Read in this order:

- ``characters``, ``boxed``: full-width and Chinese numerals as plain ones; what stands in ``\\boxed{}``;
- ``number``, ``choice``, ``box``: counting, multiple choice and boxes; each reads an answer and compares it;
- ``latex``, ``units``, ``expression``: mathematics, brought to LaTeX and compared by math-verify;
- ``pool``, ``worker``: the processes in which that happens (``core/workers``), under a hard deadline, never as code;
- ``grade``: a batch of answers, each decided by its item's verifier; ``check_gold`` for golds;
- ``vote``: several answers to one question, equal ones together;
- ``prose``, ``quantities``, ``options``: where a response without tags states its answer, for the lenient reading.

All but these last decide on the answer alone; ``seethink.core.trace`` reads it out of a response that has tags.
"""

from seethink.answers.box import Box, iou, overlap, read_box, read_boxes
from seethink.answers.choice import read_choice, read_choices, same_choice
from seethink.answers.expression import Expression, read_expression, same_expressions
from seethink.answers.grade import MAX_ANSWER, check_gold, grade, shared_workers, use_workers
from seethink.answers.number import read_number, same_number
from seethink.answers.pool import Workers
from seethink.answers.prose import final_answer
from seethink.answers.vote import alike, vote_hit

__all__ = [
    "MAX_ANSWER",
    "Box",
    "Expression",
    "Workers",
    "alike",
    "check_gold",
    "final_answer",
    "grade",
    "iou",
    "overlap",
    "read_box",
    "read_boxes",
    "read_choice",
    "read_choices",
    "read_expression",
    "read_number",
    "same_choice",
    "same_expressions",
    "same_number",
    "shared_workers",
    "use_workers",
    "vote_hit",
]
