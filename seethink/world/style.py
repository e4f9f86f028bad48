"""The oracle teacher's manner of speaking: a reasoning model's openings, hesitations, re-checks and closings.

Kept apart from the facts so that one dial adds manner without touching truth.
"""

OPENINGS = (
    "Okay, let me look at the picture and think about it.",
    "Let me see what is being asked here.",
    "So, I need to answer this step by step.",
    "First I look at the whole picture.",
)

HESITATIONS = (
    "Hmm, let me think about that once more.",
    "Wait, maybe I should look again.",
    "Actually, I am not sure, perhaps there is a mistake.",
    "Wait, is that the right way to do it?",
    "Hmm, maybe there is another way. Alternatively I could start over.",
    "Let me double-check that before I go on.",
    "On second thought, I should confirm what I saw.",
)
"""All carry a cue of the paper's list, so a hesitant trace lands in the RL pool."""

BRIDGES = (
    "Next I work it out.",
    "Now the numbers.",
    "That settles the first part.",
    "Good, that is clear.",
)
"""None carries a cue."""

CLOSINGS = (
    "So the answer is {answer}.",
    "Looking at the picture, the answer is {answer}.",
    "The answer that the description supports is {answer}.",
    "That gives {answer}.",
)
"""The third speaks of a description: the rewriting step has to mend it."""

CAPTION_OPENINGS = ("The picture shows {description}.", "In this picture there are: {description}.")
