import json
import math
from collections import Counter

import pytest

from seethink.core.images import ImageStore
from seethink.core.rejected import Rejected
from seethink.process.collect.collect import CollectionConfig, collect, released_rows
from seethink.process.collect.completer import Completion, Cost, Proposal, seed_of
from seethink.process.collect.judged import JudgeOnly, JudgeOnlyConfig
from seethink.process.collect.labels import LabelRow, solution
from seethink.process.collect.monte_carlo import (
    Agreement,
    AgreementConfig,
    BinaryConfig,
    BinarySearch,
    Exhaustive,
    ExhaustiveConfig,
)
from seethink.process.collect.rows import labelled_traces, paths, read_rows_file, write_rows_file
from seethink.process.collect.simulated import SimulatedSolver, simulated_response
from seethink.process.collect.tree import Node, Tree, TreeConfig, TreeSearch, search, tree_rows, value
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


class Scripted:
    """Two first steps, one of which is right in the end two times of three, the other never."""

    def complete(self, starts, count, seed):
        made = "</think><answer>x</answer>"
        return [[Completion(made, "good" in started and seed % 3 > 0, 3)] * count for _, started in starts]

    def propose(self, starts, count, seed):
        words = ("good", "bad", "good")[:count]
        return [[Proposal(f"\n{word} {len(started)}.", False, None, 2) for word in words] for _, started in starts]

    def prompt_tokens(self, item, started):
        return 10


def test_a_tree_values_its_steps_by_what_is_below_them(store):
    item = chain_item(chain(0, 0, 4), store)
    config = TreeConfig(weight=1, iterations=300, depth=1)
    tree = search(item, Scripted(), None, config)
    first = {node.steps[0]: value(node, config) for node in tree.root.children}
    assert 0.5 < first["good 0."] < 0.8 and first["bad 0."] == 0.0
    # The third proposal repeats the first.
    assert len(tree.root.children) == 2 and tree.root.visits == 300
    rows = list(tree_rows(tree, config))
    assert 0 < len(rows) <= 12 and all(round(told, 1) == told for _, told in rows)


def test_a_tree_without_a_wrong_leaf_has_no_rows(store):
    assert list(tree_rows(Tree(chain_item(chain(0, 0, 4), store), Node("", (), right=3, leaves=3)), TreeConfig())) == []


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


def test_a_start_is_completed_anew_in_every_round(store):
    asked = []

    class Noting(Scripted):
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
    straight = collect(CollectionConfig(part=4), collector, solutions, tmp_path / "straight", made_of={})

    class Dies:
        identity = collector.identity
        left = 1

        def label(self, chunk):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return collector.label(chunk)

    with pytest.raises(KeyboardInterrupt):
        collect(CollectionConfig(part=4), Dies(), solutions, tmp_path / "killed", made_of={})
    assert collect(CollectionConfig(part=4), collector, solutions, tmp_path / "killed", made_of={}) == straight
    manifest = json.loads((tmp_path / "killed" / "manifest.json").read_text())
    assert manifest["resumed_parts"] == 1 and manifest["cost"]["tokens_per_label"] > 0


def test_rows_are_written_and_read_in_the_released_form(wrong, store, tmp_path):
    rows = collect(
        CollectionConfig(), BinarySearch(BinaryConfig(rollouts=1), SOLVER), [wrong[0][0]], tmp_path / "c", made_of={}
    )
    written = list(released_rows(rows, store, tmp_path))
    assert write_rows_file(tmp_path / "rows.jsonl", written) == STEPS + 1
    assert set(json.loads((tmp_path / "rows.jsonl").read_text().splitlines()[0])) == {
        "image_path", "question", "process", "value",
    }  # fmt: skip
    back = list(read_rows_file(tmp_path / "rows.jsonl"))
    traces, rejected = labelled_traces(back, tmp_path, ImageStore(tmp_path / "store"), Splitting.LINES)
    # All rows of one solution are prefixes of the longest: one trace, every value once.
    assert not rejected and len(traces) == 1 and None not in traces[0].values
    assert traces[0].steps[:-1] == wrong[0][0].steps and traces[0].values[-1] == 0.0


def test_bad_rows_are_set_aside(tmp_path):
    file = tmp_path / "rows.json"
    file.write_text(json.dumps([{"image_path": "a", "question": "q", "process": "p", "value": 2}]))
    assert isinstance(next(iter(read_rows_file(file))), Rejected)
    row = LabelRow("../a.png", "q", "p", 1.0)
    assert labelled_traces([row], tmp_path, ImageStore(tmp_path / "s"))[1][0].reason == "picture cannot be used"


def test_a_shared_beginning_is_learnt_once():
    labelled = {("a",): 0.5, ("a", "b"): 0.2, ("a", "c"): 0.9}
    told = list(paths(labelled))
    assert told == [(("a", "b"), (0.5, 0.2)), (("a", "c"), (None, 0.9))]


def test_a_seed_depends_on_what_is_asked():
    assert seed_of(0, "a", "b") == seed_of(0, "a", "b") != seed_of(0, "ab")
