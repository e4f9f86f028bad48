"""Pseudo reasoning: imitated, hesitant, repetitive or wrong steps, made countable (VLAA-Thinking section 1).

arm_habits     the habits of one response, as results.json averages them
read           responses of any file as rows
statements, calculations  what a sentence states, and whether its sums are right
signs          the signs of every step: cues, hesitation, repetition, contradiction, false sums, gain for the gold
reflection     native or pseudo: does it change its mind, and is the change right?
conclusion     does the answer follow from the thinking?
diagnosis      one trace diagnosed, a group in numbers
against_truth  precision and recall of every sign where the truth is known
survival       how much of an SFT style survives each step of RL
told, page     a diagnosis as a table, and as a page
"""

from seethink.analysis.pseudo_reasoning.against_truth import Quality, Target, qualities
from seethink.analysis.pseudo_reasoning.arm_habits import Habits, false_share, habits
from seethink.analysis.pseudo_reasoning.diagnosis import (
    MEASURES,
    Diagnosis,
    by_group,
    diagnose,
    step_records,
    summarise,
    trace_record,
)
from seethink.analysis.pseudo_reasoning.read import TraceRow, read_traces, sampled_traces
from seethink.analysis.pseudo_reasoning.reflection import Consequence, Reflection, Turn, reflections
from seethink.analysis.pseudo_reasoning.signs import Sign, SignedStep, signed_steps, trace_steps
from seethink.analysis.pseudo_reasoning.survival import Survival, survival

__all__ = [
    "MEASURES",
    "Consequence",
    "Diagnosis",
    "Habits",
    "Quality",
    "Reflection",
    "Sign",
    "SignedStep",
    "Survival",
    "Target",
    "TraceRow",
    "Turn",
    "by_group",
    "diagnose",
    "false_share",
    "habits",
    "qualities",
    "read_traces",
    "reflections",
    "sampled_traces",
    "signed_steps",
    "step_records",
    "summarise",
    "survival",
    "trace_record",
    "trace_steps",
]
