"""Tree search: labels for the steps of many responses at once, each step's value fed by everything below it.

ViLReward's search is described as Monte-Carlo tree search with a value per step and is not printed further (reference
4.3). Selection follows ReST-MCTS* as the reference documents it (8.2); the rest does not. A step's value is the share
of right ends among the finished responses that pass through it, mixed with a judge's rating: no visit-weighted mean of
its children. A round completes a step by one sampled response to its end, where that system rolls three steps out
greedily and rates them; and all rounds are spent, no value ends a search early. All numbers are choices and stand in
the config, the mix ``weight`` foremost.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from pydantic import Field

from seethink.core.config import Config, config_hash
from seethink.core.item import Item
from seethink.core.protocols import StepScorer
from seethink.core.trace import THINK_OPEN
from seethink.process.collect.completer import Completer, Cost, Proposal, Start, next_steps, roll_out, seed_of
from seethink.process.collect.judged import as_value
from seethink.process.collect.labels import Ends, Labelled, Process, Solution, first_below
from seethink.process.score import score_priced


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
    """The judge's scale; ``seethink process label`` takes it from the judge."""
    threshold: float = Field(default=0.0, ge=0, lt=1)
    """A step of a given solution whose value is not above this is wrong."""
    most_rows: int = Field(default=12, ge=1)
    """Rows released per question."""
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


@dataclass
class Tree:
    """A question's tree. ``rounds``: those it has gone through."""

    item: Item
    root: Node = field(default_factory=lambda: Node("", ()))
    cost: Cost = field(default_factory=Cost)
    rounds: int = 0


class Visit(NamedTuple):
    """A round of a tree that is under way: the steps from the root to the one it has come to."""

    tree: Tree
    path: list[Node]

    @property
    def start(self) -> Start:
        return Start(self.tree.item, self.path[-1].started)


@dataclass(frozen=True)
class TreeSearch:
    """Collector: a tree around a solution, whose steps are its first branch; or a question's own (``search``)."""

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
        """A tree each, grown side by side: the solution's steps by their value in it; the tree's other steps are
        further rows."""
        trees = _around(solutions, self.judge, self.config)
        grow(trees, self.completer, self.judge, self.config)
        return [self._labelled(*told) for told in zip(solutions, trees, strict=True)]

    def _labelled(self, solution: Solution, tree: Tree) -> Labelled:
        values = tuple(value(node, self.config) for node in nodes(tree.root) if node.given)
        first = first_below(values, self.config.threshold)
        told = tuple(processes(tree, self.config))
        return Labelled(solution, values, first.place, tree.cost, first.decided, told, ends(tree))

    def search(self, items: Sequence[Item]) -> list[Tree]:
        """A tree per question from nothing but the question, grown side by side."""
        trees = [Tree(item) for item in items]
        grow(trees, self.completer, self.judge, self.config)
        return trees


def search(
    item: Item, completer: Completer, judge: StepScorer | None, config: TreeConfig, *, given: Solution | None = None
) -> Tree:
    """One tree, around a solution where one is given."""
    [tree] = trees = [Tree(item)] if given is None else _around([given], judge, config)
    grow(trees, completer, judge, config)
    return tree


def grow(trees: Sequence[Tree], completer: Completer, judge: StepScorer | None, config: TreeConfig) -> None:
    """Grow trees in place, ``config.iterations`` rounds each: select a step, propose what may follow it, judge the
    proposals, complete the best one to its end, and tell all steps above.

    The trees go on side by side, and each turn asks once for all of them: one batch of proposals, one of judgements,
    one of completions. Given equal answers a tree becomes what it would have become alone; the draws depend on the
    turn and on what is asked together.
    """
    for turn in range(config.iterations):
        visits = [Visit(tree, path) for tree in trees if (path := _next(tree, config))]
        seed = seed_of(config.seed, turn)
        _expand(visits, completer, judge, config, seed)
        _simulate(visits, completer, seed)


def value(node: Node, config: TreeConfig) -> float | None:
    """``w * share of right leaves + (1 - w) * judge``; None where neither is known."""
    share = node.right / node.leaves if node.leaves else None
    if config.weight == 1 or node.judged is None:
        return share
    if share is None or node.leaves < config.least_leaves:
        return node.judged
    return config.weight * share + (1 - config.weight) * node.judged


def processes(tree: Tree, config: TreeConfig) -> Iterator[Process]:
    """All that the tree labels, best-visited first."""
    for node in sorted(nodes(tree.root), key=lambda node: -node.leaves):
        found = value(node, config)
        if found is not None:
            yield Process(node.started, found, node.leaves)


def ends(tree: Tree) -> Ends:
    return Ends(tree.root.right, tree.root.leaves - tree.root.right)


def nodes(root: Node) -> Iterator[Node]:
    """Every step below the root, each before its children."""
    for child in root.children:
        yield child
        yield from nodes(child)


def _around(solutions: Sequence[Solution], judge: StepScorer | None, config: TreeConfig) -> list[Tree]:
    """A tree per solution: its steps are the root's first branch, its end a leaf of every one of them."""
    trees, branches = [Tree(one.item) for one in solutions], []
    for one, tree in zip(solutions, trees, strict=True):
        path = [tree.root]
        for place, start in enumerate(one.starts):
            node = Node(start, one.steps[: place + 1], given=True)
            path[-1].children.append(node)
            path.append(node)
        path[-1].ends, path[-1].outcome = True, one.right
        _back_up(path, one.right)
        branches.append((tree, path[1:]))
    _judge(branches, judge, config)
    return trees


def _next(tree: Tree, config: TreeConfig) -> list[Node] | None:
    """The path to the next step about which somebody has to be asked; None where no round is left.

    A round that comes to a known end asks nobody: it is gone through here, so that a tree never waits for the others
    with nothing to ask and batches stay full.
    """
    while tree.rounds < config.iterations:
        tree.rounds += 1
        path = _select(tree.root, config)
        if not path[-1].ends:
            return path
        _back_up(path, path[-1].outcome)
    return None


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


def _expand(
    visits: Sequence[Visit], completer: Completer, judge: StepScorer | None, config: TreeConfig, seed: int
) -> None:
    """New children of the steps that have not been expanded; a visit with new ones goes on to the best of them."""
    expanding = [one for one in visits if not one.path[-1].expanded and len(one.path[-1].steps) < config.depth]
    proposed = next_steps(completer, [one.start for one in expanding], config.branch, seed)
    grown = []
    for (tree, path), told in zip(expanding, proposed, strict=True):
        tree.cost += told.cost
        fresh = _fresh(path[-1], told.proposals)
        path[-1].expanded = True
        path[-1].children += fresh
        grown.append((tree, path, fresh))
    _judge([(tree, [child]) for tree, _, fresh in grown for child in fresh], judge, config)
    for _, path, fresh in grown:
        if fresh:
            path.append(max(fresh, key=lambda child: value(child, config) or 0.0))


def _fresh(node: Node, proposals: Sequence[Proposal]) -> list[Node]:
    """The proposed steps that say something and are no child yet."""
    known = {child.started for child in node.children}
    fresh = []
    for one in proposals:
        started = node.started + one.text
        said = one.text.strip().removeprefix(THINK_OPEN).strip()
        if said and started not in known:
            known.add(started)
            fresh.append(Node(started, (*node.steps, said), ends=one.ends, outcome=one.right))
    return fresh


def _judge(branches: Sequence[tuple[Tree, list[Node]]], judge: StepScorer | None, config: TreeConfig) -> None:
    """Judge nodes that follow one another, the trace up to the last of them, of all branches at once."""
    branches = [(tree, branch) for tree, branch in branches if branch]
    if judge is None or config.weight == 1 or not branches:
        return
    scored = score_priced(judge, [tree.item for tree, _ in branches], [branch[-1].steps for _, branch in branches])
    for (tree, branch), (scores, cost) in zip(branches, scored, strict=True):
        # The steps in front have been rated before: a judge's ratings of them are found again and cost nothing.
        tree.cost += replace(cost, ratings=len(branch))
        for node, score in zip(branch, scores[-len(branch) :], strict=True):
            node.judged = as_value(score, config.lowest, config.highest)


def _simulate(visits: Sequence[Visit], completer: Completer, seed: int) -> None:
    """Complete where the visits have come to, unless it is an end, and tell all steps above."""
    going = [one for one in visits if not one.path[-1].ends]
    for (tree, path), told in zip(going, roll_out(completer, [one.start for one in going], 1, seed), strict=True):
        tree.cost += told.cost
        _back_up(path, bool(told.right) if told.decided else None)
    for _, path in visits:
        if path[-1].ends:
            _back_up(path, path[-1].outcome)


def _back_up(path: Sequence[Node], outcome: bool | None) -> None:
    for node in path:
        node.visits += 1
        if outcome is not None:
            node.leaves += 1
            node.right += outcome
