"""Tree search: labels for the steps of many responses at once, each step's value fed by everything below it.

ViLReward's search is described as Monte-Carlo tree search with a value per step and is not printed further (reference
4.3). Selection and backing up follow ReST-MCTS* as the reference documents it (8.2), the value and the filters are that
section's adaptation; all numbers are choices and stand in the config, the mix ``weight`` foremost.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from seethink.core.config import Config, config_hash
from seethink.core.item import Item
from seethink.core.protocols import StepScorer
from seethink.core.trace import THINK_OPEN
from seethink.process.collect.completer import Completer, Cost, Start, cost_of, seed_of
from seethink.process.collect.judged import as_value
from seethink.process.collect.labels import Labelled, Solution, first_below
from seethink.process.score import score_many


class TreeConfig(Config):
    """A tree per question."""

    kind: Literal["tree"] = "tree"
    weight: float = Field(default=0.5, ge=0, le=1)
    """w of ``value = w * Monte Carlo + (1 - w) * judge``; 1 asks no judge, 0 labels by the judge alone."""
    branch: int = Field(default=3, ge=1)
    """Next steps proposed at a step."""
    depth: int = Field(default=8, ge=1)
    """Steps below which nothing is proposed; they are still completed to the end."""
    iterations: int = Field(default=32, ge=1)
    explore: float = Field(default=0.7, ge=0)
    """c of ``V + c * sqrt(2 ln(parent's visits) / visits)``."""
    least_leaves: int = Field(default=3, ge=1)
    """Ends below a step from which on their share counts, the judge alone before; without a judge it always counts."""
    lowest: float = 1.0
    highest: float = 5.0
    """The judge's scale."""
    threshold: float = Field(default=0.0, ge=0, lt=1)
    """A step of a given solution whose value is not above this is wrong."""
    most_rows: int = Field(default=12, ge=1)
    """Rows kept per question."""
    seed: int = 0


@dataclass
class Node:
    """A step of the tree.

    Attributes:
        started: the response up to and including this step.
        steps: how many that are.
        right, leaves: finished responses that pass through it, and how many of them are right.
        outcome: of a step that ends its response.
        given: it belongs to the solution that was handed in.
    """

    started: str
    steps: tuple[str, ...]
    judged: float | None = None
    ends: bool = False
    outcome: bool | None = None
    given: bool = False
    visits: int = 0
    right: int = 0
    leaves: int = 0
    expanded: bool = False
    children: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class Tree:
    root: Node
    cost: Cost


@dataclass(frozen=True)
class TreeSearch:
    """Collector: a tree around a solution, whose steps are its first branch; or a tree of its own (``search``)."""

    config: TreeConfig
    completer: Completer
    judge: StepScorer | None = None

    def __post_init__(self) -> None:
        if self.judge is None and self.config.weight < 1:
            raise ValueError(f"weight {self.config.weight} mixes a judge in: hand one over, or set weight 1")

    @property
    def identity(self) -> dict[str, str]:
        return {"collector": config_hash(self.config)}

    def label(self, solutions: Sequence[Solution]) -> list[Labelled]:
        """A tree each: the solution's steps by their value in it; the tree's other steps are further rows."""
        return [self._label(one) for one in solutions]

    def _label(self, solution: Solution) -> Labelled:
        tree = search(solution.item, self.completer, self.judge, self.config, given=solution)
        spine = [node for node in nodes(tree.root) if node.given]
        values = tuple(value(node, self.config) for node in spine)
        return Labelled(
            solution,
            values,
            first_below(values, self.config.threshold),
            tree.cost,
            rows=tuple(tree_rows(tree, self.config)),
        )


def search(
    item: Item, completer: Completer, judge: StepScorer | None, config: TreeConfig, *, given: Solution | None = None
) -> Tree:
    """Grow a tree for ``config.iterations`` rounds: select a step, propose what may follow it, judge the proposals,
    complete the best one to its end, and tell all steps above."""
    root = Node("", ())
    cost = Cost()
    if given is not None:
        cost += _insert(root, given, judge, config)
    for number in range(config.iterations):
        path = _select(root, config)
        node = path[-1]
        if not node.ends and not node.expanded and len(node.steps) < config.depth + len(root.steps):
            cost += _expand(item, node, completer, judge, config)
            fresh = [child for child in node.children if not child.visits]
            if fresh:
                path.append(max(fresh, key=lambda child: value(child, config) or 0.0))
        outcome, paid = _simulate(item, path[-1], completer, seed_of(config.seed, item.id, number))
        cost += paid
        for passed in path:
            passed.visits += 1
            if outcome is not None:
                passed.leaves += 1
                passed.right += outcome
    return Tree(root, cost)


def value(node: Node, config: TreeConfig) -> float | None:
    """``w * share of right leaves + (1 - w) * judge``; None where neither is known."""
    share = node.right / node.leaves if node.leaves else None
    if config.weight == 1 or node.judged is None:
        return share
    if share is None or node.leaves < config.least_leaves:
        return node.judged
    return config.weight * share + (1 - config.weight) * node.judged


def tree_rows(tree: Tree, config: TreeConfig) -> Iterator[tuple[str, float]]:
    """Labelled processes, best-visited first: none from a tree without both a right and a wrong leaf, each process
    once, values rounded to 0.1 (reference 8.2)."""
    if not 0 < tree.root.right < tree.root.leaves:
        return
    seen = set[str]()
    for node in sorted(nodes(tree.root), key=lambda node: -node.leaves):
        found = value(node, config)
        if found is None or node.started in seen:
            continue
        seen.add(node.started)
        yield node.started, round(found, 1)
        if len(seen) == config.most_rows:
            return


def nodes(root: Node) -> Iterator[Node]:
    """Every step below the root, each before its children."""
    for child in root.children:
        yield child
        yield from nodes(child)


def _insert(root: Node, given: Solution, judge: StepScorer | None, config: TreeConfig) -> Cost:
    """The given solution as the root's first branch; its end is a leaf of every step of it."""
    judged = _judged(given.item, [given.steps], judge, config)
    path = [root]
    for place, start in enumerate(given.starts):
        node = Node(start, given.steps[: place + 1], None if judged is None else judged[0][place], given=True)
        path[-1].children.append(node)
        path.append(node)
    path[-1].ends, path[-1].outcome = True, given.right
    for node in path:
        node.visits += 1
        node.leaves += 1
        node.right += given.right
    return Cost(ratings=0 if judged is None else len(given.steps))


def _select(root: Node, config: TreeConfig) -> list[Node]:
    """From the root to a step that is to be expanded or completed, by upper confidence bounds."""
    path = [root]
    while path[-1].expanded and path[-1].children:
        parent = path[-1]
        path.append(max(parent.children, key=lambda child: _bound(child, parent, config)))
    # A step of the given solution has one child before it is expanded; half the time the search goes on along it.
    while not path[-1].expanded and path[-1].children and path[-1].visits % 2:
        path.append(path[-1].children[0])
    return path


def _bound(child: Node, parent: Node, config: TreeConfig) -> float:
    known = value(child, config)
    if not child.visits:
        return (known or 0.0) + 1.0
    return (known or 0.0) + config.explore * math.sqrt(2 * math.log(max(1, parent.visits)) / child.visits)


def _expand(item: Item, node: Node, completer: Completer, judge: StepScorer | None, config: TreeConfig) -> Cost:
    node.expanded = True
    proposed = completer.propose(item, node.started, config.branch, seed_of(config.seed, item.id, node.started))
    cost = cost_of(completer, item, node.started, [one.tokens for one in proposed])
    known = {child.started for child in node.children}
    fresh = []
    for one in proposed:
        started = node.started + one.text
        said = one.text.strip().removeprefix(THINK_OPEN).strip()
        if said and started not in known:
            known.add(started)
            fresh.append(Node(started, (*node.steps, said), ends=one.ends, outcome=one.right))
    judged = _judged(item, [child.steps for child in fresh], judge, config)
    for place, child in enumerate(fresh):
        if judged is not None:
            child.judged = judged[place][-1]
    node.children += fresh
    return cost + Cost(ratings=0 if judged is None else len(fresh))


def _judged(
    item: Item, traces: list[tuple[str, ...]], judge: StepScorer | None, config: TreeConfig
) -> list[list[float | None]] | None:
    if judge is None or config.weight == 1:
        return None
    scored = score_many(judge, [item] * len(traces), traces)
    return [[as_value(score, config.lowest, config.highest) for score in scores] for scores in scored]


def _simulate(item: Item, node: Node, completer: Completer, seed: int) -> tuple[bool | None, Cost]:
    if node.ends:
        return node.outcome, Cost()
    [[one]] = completer.complete([Start(item, node.started)], 1, seed)
    return one.right, cost_of(completer, item, node.started, [one.tokens])
