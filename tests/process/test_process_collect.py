import json
import math
from collections import Counter

import pytest

from seethink.core.images import ImageStore
from seethink.process.collect.collect import CollectionConfig, collect
from seethink.process.collect.completer import Completion, Cost, seed_of
from seethink.process.collect.judged import JudgeOnly, JudgeOnlyConfig
from seethink.process.collect.labels import first_below, solution
from seethink.process.collect.monte_carlo import (
    Agreement,
    AgreementConfig,
    BinaryConfig,
    BinarySearch,
    Exhaustive,
    ExhaustiveConfig,
)
from seethink.process.collect.next_step import another_begun, new_steps
from seethink.process.collect.simulated import SimulatedSolver, simulated_response
from seethink.process.collect.tree import Node, TreeConfig, TreeSearch, processes, search, value
from seethink.process.steps import Splitting
from seethink.process.truth import TruthScorer, first_false
from seethink.world.chains import ChainTruth, chain, chain_item, chain_response, item_chain, true_sums

STEPS = 16
SOLVER = SimulatedSolver(error=0.04)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return ImageStore(tmp_path_factory.mktemp("chains"))


@pytest.fixture(scope="module")
def wrong(store):
    """Wrong solutions of the simulated solver, with the true place of their first error."""
    found = []
    for index in range(240):
        item = chain_item(chain(0, index, STEPS, level=3), store)
        text, right = simulated_response(SOLVER, item, index)
        if not right:
            made = solution(item, text, right, Splitting.LINES)
            found.append((made, first_false(ChainTruth().step_truth(item, made.steps))))
    return found


def test_the_truth_of_a_chain_is_exact(store):
    asked = chain(3, 1, 8)
    item = chain_item(asked, store)
    assert item_chain(item) == asked
    sums = list(true_sums(asked))
    assert ChainTruth().step_truth(item, ["Hmm.", *sums]) == [None] + [True] * 8
    sums[2] = "1 plus 1 is 2."
    assert first_false(ChainTruth().step_truth(item, sums)) == 2
    assert chain_response(true_sums(asked)).endswith(f"<answer>{item.gold}</answer>")


def test_enough_completions_find_the_first_error_and_binary_search_pays_less(wrong):
    dear = Exhaustive(ExhaustiveConfig(rollouts=8, threshold=0.2), SOLVER)
    cheap = BinarySearch(BinaryConfig(rollouts=8, threshold=0.2), SOLVER)
    told = {name: one.label([made for made, _ in wrong]) for name, one in (("dear", dear), ("cheap", cheap))}
    true = [place for _, place in wrong]
    for labels in told.values():
        assert sum(one.first_error == place for one, place in zip(labels, true, strict=True)) / len(true) > 0.9
    paid = {name: sum(one.cost.tokens for one in labels) for name, labels in told.items()}
    assert paid["dear"] / paid["cheap"] > 0.8 * STEPS / math.ceil(math.log2(STEPS))


def test_binary_search_looks_at_log_many_starts_and_implies_the_rest(wrong):
    made, _ = wrong[0]
    one = BinarySearch(BinaryConfig(rollouts=2), SOLVER).label([made])[0]
    assert one.cost.completions == 2 * math.ceil(math.log2(STEPS))
    assert None not in one.values
    assert all(value == 0 for value in one.values[one.first_error :])


@pytest.mark.parametrize("threshold", [0.0, 0.5])
def test_a_start_is_completed_no_further_once_it_is_known(wrong, threshold):
    """A solver that never errs itself: from a sound start all succeed, from another nobody."""
    made = [one for one, _ in wrong[:20]]
    whole, stopping = (
        BinarySearch(BinaryConfig(rollouts=8, threshold=threshold, wave=wave), SimulatedSolver(0.0)).label(made)
        for wave in (None, 1)
    )
    assert [one.first_error for one in stopping] == [one.first_error for one in whole] == [k for _, k in wrong[:20]]
    assert [one.values for one in stopping] == [one.values for one in whole]
    # Of eight, one success clears a start at 0; at a half five do, and four failures condemn it.
    sound = sum(one.first_error > k for one in whole for k in looked_at(one.first_error))
    looked = sum(len(looked_at(one.first_error)) for one in whole)
    each = (1, 8) if threshold == 0 else (5, 4)
    assert sum(one.cost.completions for one in stopping) == sound * each[0] + (looked - sound) * each[1]
    assert sum(one.cost.completions for one in whole) == 8 * looked


def looked_at(error):
    """Places that a binary search for this first error looks at."""
    good, bad, found = -1, STEPS - 1, []
    while bad - good > 1:
        found.append((good + bad) // 2)
        good, bad = (found[-1], bad) if found[-1] < error else (good, found[-1])
    return found


def test_a_right_solution_has_no_error(store):
    item = chain_item(chain(0, 0, 4), store)
    made = solution(item, chain_response(true_sums(chain(0, 0, 4))), True, Splitting.LINES)
    for collector in (BinarySearch(BinaryConfig(), SOLVER), Exhaustive(ExhaustiveConfig(), SimulatedSolver(0.0))):
        assert collector.label([made])[0].first_error is None


def test_two_completers_have_to_agree(wrong):
    made, place = wrong[0]
    sure = SimulatedSolver(error=0.0)
    agreed = Agreement(AgreementConfig(rollouts=1), sure, sure).label([made])[0]
    assert agreed.values == (*[1.0] * place, *[0.0] * (STEPS - place)) and agreed.first_error == place
    # The weak one never gets there: it agrees only where the strong one fails as well.
    one = Agreement(AgreementConfig(rollouts=1), Never(), sure).label([made])[0]
    assert one.values == (*[None] * place, *[0.0] * (STEPS - place)) and one.decided is (place == 0)


def test_a_judge_that_knows_the_truth_needs_no_completion(wrong):
    collector = JudgeOnly(JudgeOnlyConfig(lowest=0, highest=1), TruthScorer(ChainTruth()))
    for made, place in wrong[:5]:
        one = collector.label([made])[0]
        assert one.first_error == place and one.cost == Cost(ratings=STEPS)


def test_a_parent_of_one_right_and_one_wrong_leaf_is_worth_half():
    parent = Node("a", ("a",), right=1, leaves=2)
    assert value(parent, TreeConfig(weight=1)) == 0.5
    assert value(Node("a", ("a",), judged=0.8, right=1, leaves=2), TreeConfig(weight=0.5)) == 0.8
    mixed = Node("a", ("a",), judged=0.8, right=1, leaves=4)
    assert value(mixed, TreeConfig(weight=0.5)) == pytest.approx(0.525)


class Counted:
    """The solver, whose answers here depend on the start and on how often it was completed, and a judge that knows the
    truth; ``calls`` says what was asked for, in order."""

    def __init__(self):
        self.times, self.calls = Counter(), []

    def complete(self, starts, count, seed):
        self.calls.append("complete")
        self.times.update((one.item.id, one.text) for one in starts)
        return [SOLVER.complete([one], count, self.times[one.item.id, one.text])[0] for one in starts]

    def propose(self, starts, count, seed):
        self.calls.append("propose")
        return SOLVER.propose(starts, count, 0)

    def score_many(self, items, traces):
        self.calls.append("judge")
        return [TruthScorer(ChainTruth()).score_steps(*one) for one in zip(items, traces, strict=True)]

    prompt_tokens = SOLVER.prompt_tokens


class Never:
    """Completes nothing rightly."""

    def complete(self, starts, count, seed):
        return [[Completion("</think><answer>x</answer>", False, 3)] * count for _ in starts]

    def prompt_tokens(self, item, started):
        return 10


def test_a_tree_values_its_steps_by_what_is_below_them(store, two_first_steps):
    item = chain_item(chain(0, 0, 4), store)
    config = TreeConfig(weight=1, iterations=300, depth=1)
    tree = search(item, two_first_steps(), None, config)
    first = {node.steps[0]: value(node, config) for node in tree.root.children}
    assert 0.5 < first["good 0."] < 0.8 and first["bad 0."] == 0.0
    # The third proposal repeats the first.
    assert len(tree.root.children) == 2 and tree.root.visits == 300
    told = list(processes(tree, config))
    assert {one.text.strip(): one.value for one in told} == first and told[0].ends >= told[1].ends


def test_a_tree_around_a_solution_labels_its_steps(wrong):
    made, _ = wrong[0]
    one = TreeSearch(TreeConfig(weight=1, iterations=200, depth=STEPS), SOLVER).label([made])[0]
    assert len(one.values) == STEPS and one.values[-1] == 0.0
    assert one.first_error is not None and one.first_error <= STEPS - 1


def test_trees_grow_side_by_side_as_they_would_alone(wrong):
    solutions, config = [made for made, _ in wrong[:8]], TreeConfig(iterations=32, lowest=0, highest=1)
    alone = [Counted() for _ in solutions]
    labels = [TreeSearch(config, one, one).label([made])[0] for one, made in zip(alone, solutions, strict=True)]
    together = Counted()
    # The costs as well: each tree pays for its own.
    assert TreeSearch(config, together, together).label(solutions) == labels
    # Of every kind at most one call per turn for all trees, not one per tree.
    for kind in ("propose", "judge", "complete"):
        assert together.calls.count(kind) <= config.iterations < sum(one.calls.count(kind) for one in alone)


def test_a_start_is_completed_anew_in_every_round(store, two_first_steps):
    asked = []

    class Noting(two_first_steps):
        def complete(self, starts, count, seed):
            asked.append((seed, starts))
            return super().complete(starts, count, seed)

    for _ in range(2):
        search(chain_item(chain(0, 0, 4), store), Noting(), None, TreeConfig(weight=1, iterations=20, depth=1))
    assert asked[:20] == asked[20:] and len({seed for seed, _ in asked}) == 20
    assert len({start.text for _, starts in asked for start in starts}) <= 2


@pytest.mark.parametrize(
    "collector",
    [
        BinarySearch(BinaryConfig(rollouts=2), SOLVER),
        TreeSearch(TreeConfig(iterations=16, lowest=0, highest=1), SOLVER, TruthScorer(ChainTruth())),
    ],
    ids=["binary", "tree"],
)
def test_a_killed_collection_goes_on_and_ends_alike(collector, wrong, tmp_path):
    solutions = [made for made, _ in wrong[:12]]
    straight = collect(CollectionConfig(), collector, solutions, tmp_path / "straight", part=4, made_of={})

    class Dies:
        identity = collector.identity
        left = 1

        def label(self, chunk):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return collector.label(chunk)

    with pytest.raises(KeyboardInterrupt):
        collect(CollectionConfig(), Dies(), solutions, tmp_path / "killed", part=4, made_of={})
    assert collect(CollectionConfig(), collector, solutions, tmp_path / "killed", part=4, made_of={}) == straight
    manifest = json.loads((tmp_path / "killed" / "manifest.json").read_text())
    assert manifest["resumed_parts"] == 1 and manifest["cost"]["tokens_per_label"] > 0


@pytest.mark.parametrize("collector", [Exhaustive(ExhaustiveConfig(), None), BinarySearch(BinaryConfig(), None)])
def test_what_no_verifier_decides_stays_undecided_and_is_counted(collector, wrong, tmp_path):
    class Undecided(Never):
        def complete(self, starts, count, seed):
            return [[Completion("", None, 3)] * count for _ in starts]

    collector = type(collector)(collector.config, Undecided())
    [row] = collect(CollectionConfig(), collector, [wrong[0][0]], tmp_path / "labels", part=4, made_of={})
    assert row["first_error"] is None and row["decided"] is False
    # The outcome of the whole solution is known.
    assert row["values"] == [*[None] * (STEPS - 1), 0.0]
    assert row["undecided"] == row["completions"] > 0
    manifest = json.loads((tmp_path / "labels" / "manifest.json").read_text())
    assert manifest["undecided"] == 1 and manifest["cost"]["labels"] == 1


def test_a_binary_search_keeps_what_it_knew_before_nobody_decided(wrong):
    class AtFirst(Never):
        asked = 0

        def complete(self, starts, count, seed):
            self.asked += 1
            return [[Completion("", True if self.asked == 1 else None, 3)] * count for _ in starts]

    [one] = BinarySearch(BinaryConfig(), AtFirst()).label([wrong[0][0]])
    middle = (STEPS - 2) // 2
    assert one.values == (*[1.0] * (middle + 1), *[None] * (STEPS - middle - 2), 0.0) and not one.decided


def test_an_unknown_value_in_front_leaves_the_first_error_open():
    assert first_below([1.0, None, 0.0], 0) == (None, False) == first_below([1.0, None], 0)
    assert first_below([1.0, 0.0, None], 0) == (1, True) and first_below([1.0], 0) == (None, True)


@pytest.mark.parametrize(
    ("text", "how", "begun"),
    [
        ("\nTwo and two", Splitting.LINES, False),
        ("\nTwo and two\n", Splitting.LINES, False),
        ("\nTwo and two\nm", Splitting.LINES, True),
        # An answer that may follow belongs to the step before it.
        ("\nTwo and two\n</th", Splitting.LINES, False),
        ("\nTwo and two\n</think>\n<answer>4</answer>", Splitting.LINES, False),
        ("\nTwo and two\n</p", Splitting.LINES, True),
        ("\nStep 2: it is 3.5. Or is it?\nS", Splitting.NUMBERED, False),
        ("\nStep 2: it is 3.5. Or is it?\nStep 3: N", Splitting.NUMBERED, True),
        ("\n\nTwo\nand two.\n\nM", Splitting.PARAGRAPHS, True),
        (" It is 3.5 by Fig. 2. T", Splitting.SENTENCES, True),
    ],
)
def test_a_step_is_whole_where_the_next_begins(text, how, begun):
    started = "<think>\nStep 1: I see. One and one."
    assert another_begun(started, text, how) is begun
    if begun:
        first, second = new_steps(started, text, how)
        assert text.strip().startswith(first.text) and text.endswith(second.text)


def test_a_seed_depends_on_what_is_asked():
    assert seed_of(0, "a", "b") == seed_of(0, "a", "b") != seed_of(0, "ab")
