import asyncio
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from seethink.answers import Workers
from seethink.answers.pool import Comparison
from seethink.core.rejected import InputError

ROOT = Path(__file__).resolve().parents[2]
STUCK = ("1", "9^{9^{9^{9}}}")
"""Its power is computed in one long C call: no signal handler runs before it ends."""


@pytest.fixture(scope="module")
def workers():
    pool = Workers(size=1, deadline=60.0)
    yield pool
    pool.close()


def pids(pool):
    return [worker.process.pid for worker in pool.pool.workers if worker.process is not None]


def serving(pool):
    """The children that compare."""
    children = [Path(f"/proc/{pid}/task/{pid}/children") for pid in pids(pool)]
    if not all(path.exists() for path in children):
        pytest.skip("needs /proc")
    return [int(child) for path in children for child in path.read_text().split()]


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_nothing_is_started_before_the_first_comparison():
    assert pids(Workers(size=2)) == []


def test_a_stuck_worker_is_killed_and_replaced_also_from_a_thread():
    pool = Workers(size=1, deadline=60.0)
    pool.compare([("x", "x")])
    (stuck,) = serving(pool)
    pool.deadline = 1.0
    results: list[Comparison] = []
    begun = time.monotonic()
    thread = threading.Thread(target=lambda: results.extend(pool.compare([STUCK])))
    thread.start()
    thread.join(60)
    waited = time.monotonic() - begun
    assert results == [Comparison.TIMEOUT] and 1.0 <= waited < 20.0
    pool.deadline = 60.0
    started = pids(pool)
    assert pool.compare([(r"\frac{2}{4}", r"\frac{1}{2}")]) == [Comparison.EQUAL]
    assert not alive(stuck) and serving(pool) != [stuck]
    assert pids(pool) == started
    pool.close()
    assert pids(pool) == []


def test_a_worker_lost_while_idle_is_replaced(workers):
    workers.compare([("a", "a")])
    (child,) = serving(workers)
    os.kill(child, 9)
    assert workers.compare([("a", "b")]) == [Comparison.DIFFERENT]
    assert serving(workers) != [child]
    (process,) = (worker.process for worker in workers.pool.workers)
    process.kill()
    process.wait()
    assert workers.compare([("a", "c")]) == [Comparison.DIFFERENT]
    assert pids(workers) != [process.pid]


def test_threads_share_the_workers_without_mixing_replies(workers):
    with ThreadPoolExecutor(8) as threads:
        pairs = [[(f"{number} + {number}", str(2 * number + number % 2))] for number in range(24)]
        compared = list(threads.map(workers.compare, pairs))
    expected = [Comparison.DIFFERENT if number % 2 else Comparison.EQUAL for number in range(24)]
    assert [result for (result,) in compared] == expected


def test_inside_a_running_event_loop(workers):
    async def compare():
        return workers.compare([("x+1", "1+x")]), await asyncio.to_thread(workers.compare, [("x+1", "2+x")])

    assert asyncio.run(compare()) == ([Comparison.EQUAL], [Comparison.DIFFERENT])


def test_workers_first_started_by_a_thread_of_a_running_loop_as_in_a_notebook():
    pool = Workers(deadline=60.0)

    async def cell():
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as threads:
            first = await loop.run_in_executor(threads, pool.compare, [("x+1", "1+x")])
            pool.deadline = 1.0
            stuck = await loop.run_in_executor(threads, pool.compare, [STUCK])
        pool.deadline = 60.0
        return first, stuck, pool.compare([("x+1", "2+x")])

    assert asyncio.run(cell()) == ([Comparison.EQUAL], [Comparison.TIMEOUT], [Comparison.DIFFERENT])
    pool.close()


def test_from_a_spawned_process_as_a_cluster_starts_them():
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as processes:
        compared = processes.submit(compare_in_a_process).result(timeout=300)
    assert compared == [Comparison.EQUAL, Comparison.TIMEOUT, Comparison.DIFFERENT]


def compare_in_a_process():
    pool = Workers(deadline=60.0)
    first = pool.compare([("2x", "x+x")])
    pool.deadline = 1.0
    with ThreadPoolExecutor(1) as threads:
        stuck = threads.submit(pool.compare, [STUCK]).result()
    pool.deadline = 60.0
    last = pool.compare([("x", "y")])
    pool.close()
    return [*first, *stuck, *last]


def test_equal_pairs_are_compared_once(workers):
    begun = time.monotonic()
    assert set(workers.compare([(r"\sin(x)^2", r"1-\cos(x)^2")] * 2_000)) == {Comparison.EQUAL}
    assert time.monotonic() - begun < 30


def test_from_a_script_without_a_main_guard_and_from_a_forked_daemon(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import multiprocessing, sys\n"
        "print('main module runs')\n"
        "from seethink.answers import Workers\n"
        "workers = Workers(deadline=60.0)\n"
        "print(workers.compare([('x+1', '1+x')]))\n"
        "def child(pipe):\n"
        "    pipe.send([str(c) for c in workers.compare([('2x', 'x+x'), ('x', 'y')])])\n"
        "ours, theirs = multiprocessing.get_context('fork').Pipe()\n"
        "process = multiprocessing.get_context('fork').Process(target=child, args=(theirs,), daemon=True)\n"
        "process.start()\n"
        "print(ours.recv())\n"
        "process.join()\n"
        "print(workers.compare([('3', '4')]))\n"
        "print('torch' in sys.modules, 'sympy' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("main module runs") == 1
    assert "['equal', 'different']" in done.stdout
    assert done.stdout.endswith("False False\n")


def test_the_worker_process_holds_no_keys_and_no_torch(workers, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret-of-a-test")
    pool = Workers(deadline=60.0)
    pool.compare([("1", "1")])
    (pid,) = pids(pool)
    if not Path(f"/proc/{pid}").exists():
        pytest.skip("needs /proc")
    assert b"secret-of-a-test" not in Path(f"/proc/{pid}/environ").read_bytes()
    assert "torch" not in Path(f"/proc/{pid}/maps").read_text()
    pool.close()
    assert not alive(pid)


def busy(worker):
    """Whether the worker's child has been computing for half a second."""
    children = Path(f"/proc/{worker}/task/{worker}/children")
    if not children.exists():
        pytest.skip("needs /proc")
    ticks = [Path(f"/proc/{child}/stat").read_text().split()[13] for child in children.read_text().split()]
    return any(int(tick) >= os.sysconf("SC_CLK_TCK") // 2 for tick in ticks)


def test_worker_and_child_end_when_their_parent_was_killed_during_a_comparison():
    script = (
        "import threading, time\n"
        "from seethink.answers import Workers\n"
        "pool = Workers(deadline=2.0)\n"
        "pool.compare([('x', 'x')])\n"
        "print(pool.pool.workers[0].process.pid, flush=True)\n"
        f"threading.Thread(target=pool.compare, args=([{STUCK!r}],)).start()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    worker = int(parent.stdout.readline())
    until = time.monotonic() + 60
    while time.monotonic() < until and not busy(worker):
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    until = time.monotonic() + 60
    while alive(worker) and time.monotonic() < until:
        time.sleep(0.2)
    assert not alive(worker)


def test_a_worker_that_cannot_start_says_so(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(InputError, match="did not start"):
        Workers().compare([("1", "1")])


def test_sizes_and_deadlines_must_be_positive():
    for arguments in ({"size": 0}, {"deadline": 0}):
        with pytest.raises(InputError):
            Workers(**arguments)


def test_a_closed_pool_takes_no_reply_from_the_next():
    switching = sys.getswitchinterval()
    # Threads take turns all the time, so that one may be late where it matters.
    sys.setswitchinterval(1e-7)
    try:
        for _ in range(4):
            pool = Workers(size=1, deadline=5.0)
            assert pool.compare([("1", "2"), ("2", "2")]) == [Comparison.DIFFERENT, Comparison.EQUAL]
            pool.close()
    finally:
        sys.setswitchinterval(switching)
