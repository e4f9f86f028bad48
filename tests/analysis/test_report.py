"""The report: self-contained, inert, and right in a real browser."""

import dataclasses
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from seethink.analysis.browser import Traces, browser_data, choose_items, script_json
from seethink.analysis.drawings import NO_FIGURES
from seethink.analysis.pseudo_reasoning import trace_steps
from seethink.analysis.report import write_report
from seethink.analysis.study_data import ArmRecord, Run, study_of
from seethink.core.rejected import InputError
from seethink.core.trace import write_tags

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = (
    "<img src=x onerror=document.title='pwned'>",
    "</script><script>document.title='pwned'</script>",
    "<!--<script>",
    "<svg onload=document.title='pwned'></svg>",
    "a\u2028b\u2029c & d",
)


def tables(responses):
    logs = {"rl": [{"step": step, "reward": step / 40} for step in range(40)]}
    runs = [Run(arm, 0, rows, logs=logs if "grpo" in arm else {}) for arm, rows in responses.items()]
    return study_of("made up", {arm: ArmRecord(trained=arm != "base") for arm in responses}, runs, code="test")


@pytest.fixture(scope="module")
def attacked(study):
    """The study with every field that a model or a data file writes turned against the reader."""

    def turned(one, number):
        evil = HOSTILE[number % len(HOSTILE)]
        verdict = dataclasses.replace(one.strict, extracted=evil, why=evil)
        return dataclasses.replace(
            one, response=write_tags(f"{evil}\nI look.", evil), question=f"Which? {evil}", gold=evil, strict=verdict,
            group=f"{one.group} {HOSTILE[0]}", source=HOSTILE[1],
        )  # fmt: skip

    return {arm: [turned(one, int(one.item_id[1:])) for one in responses] for arm, responses in study.items()}


@pytest.fixture(scope="module")
def report(tmp_path_factory, results, attacked, picture):
    path = tmp_path_factory.mktemp("report") / "report.html"
    controls = [*results["controls"], {"control": HOSTILE[0], "base": HOSTILE[1], "matched": False}]
    told = tables(attacked)
    write_report(path, {**results, "controls": controls}, told, Traces(attacked, picture), title=HOSTILE[1], items=20)
    return path


def browse(page, *options):
    """Open a page in Debian's chromium, run its scripts, give back the document that came of it."""
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
             "--disable-component-update", "--no-first-run", "--virtual-time-budget=3000", "--dump-dom")  # fmt: skip
    profile = f"--user-data-dir={page.parent / 'profile'}"
    done = subprocess.run(
        [CHROMIUM, *flags, profile, *options, page.as_uri()], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Document(HTMLParser):
    """Text by id, and every tag with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self._path = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in {"img", "meta", "input", "br", "link"}:
            self._path.append((tag, dict(attrs).get("id")))

    def handle_endtag(self, tag):
        while self._path and self._path.pop()[0] != tag:
            pass

    def handle_data(self, data):
        for _, name in self._path:
            if name:
                self.texts[name] = self.texts.get(name, "") + data


needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


@pytest.fixture(scope="module")
def dom(report):
    return browse(report)


@pytest.fixture(scope="module")
def page(dom):
    return Document(dom)


@needs_browser
def test_nothing_hostile_runs(page, dom):
    assert page.texts.get("list"), "the script did not run"
    assert "<title>&lt;/script&gt;&lt;script&gt;document.title='pwned'&lt;/script&gt;</title>" in dom
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert sum(tag == "script" for tag, _ in page.tags) == 2
    assert all(attributes["src"].startswith("data:image/png;") for tag, attributes in page.tags if tag == "img")


@needs_browser
def test_the_first_trace_is_shown_literally(page, report):
    data = json.loads(Document(report.read_text(encoding="utf-8")).texts["browser-data"])
    first = data["items"][0]
    assert first["question"] in page.texts["pane"]
    assert first["responses"]["grpo"]["answer"] in page.texts["pane"]
    assert any(evil in page.texts["pane"] for evil in HOSTILE)
    assert "20 of 20" in page.texts["count"]


@needs_browser
def test_on_a_phone_the_page_does_not_scroll_sideways(report):
    # A window cannot be this narrow, a frame can.
    frame = report.parent / "phone.html"
    measured = "out.textContent = 'wide ' + f.contentDocument.documentElement.scrollWidth"
    frame.write_text(
        f'<iframe id=f src="{report.name}" width=390 height=800></iframe><p id=out></p><script>f.onload = () => '
        f"{{ {measured} }}</script>"
    )
    [width] = re.findall(r"<p id=.out.>wide (\d+)</p>", browse(frame, "--allow-file-access-from-files"))
    assert 0 < int(width) <= 390


@needs_browser
def test_the_policy_stops_a_script_that_got_through(report, tmp_path):
    injected = tmp_path / "injected.html"
    attack = "<script>document.title='pwned'</script><img src=x onerror=document.title='pwned'></body>"
    injected.write_text(report.read_text(encoding="utf-8").replace("</body>", attack), encoding="utf-8")
    assert "<title>pwned</title>" not in browse(injected)
    unguarded = tmp_path / "unguarded.html"
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", injected.read_text(encoding="utf-8"))
    unguarded.write_text(text, encoding="utf-8")
    assert "<title>pwned</title>" in browse(unguarded)


@needs_browser
def test_a_reader_clicks_through_the_traces(tmp_path, results, study, picture):
    path = tmp_path / "report.html"

    def truth(response):
        return [True, False, None][: len(trace_steps(response.response))]

    write_report(path, results, tables(study), Traces(study, picture, truth), items=20)
    acted = """<script>
      const byId = (id) => document.getElementById(id), list = byId("list"), verifier = byId("filter-verifier");
      const press = (key) => list.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
      const cards = () => [...byId("pane").querySelectorAll("h3")].map((head) => head.textContent).join(" ");
      const set = (control, value) => { control.value = value; control.dispatchEvent(new Event("input")); };
      const seen = [];
      press("ArrowDown"); press("ArrowDown"); press("ArrowUp");
      seen.push(list.getAttribute("aria-activedescendant"), cards());
      for (const name of ["base", "sft_grpo"])
        document.querySelector(`#filter-arms input[value="${name}"]`).click();
      seen.push(cards(), list.firstChild.querySelectorAll(".mark").length);
      const steps = [...byId("pane").querySelectorAll("li.step")];
      seen.push(steps.slice(0, 3).map((step) => step.querySelector(".sign").textContent).join(""));
      seen.push([...steps].some((step) => step.textContent.includes("hesitates")));
      seen.push(byId("pane").querySelector(".facts").textContent.includes("reward: "));
      byId("pane").querySelector(".card button").click();
      seen.push(byId("pane").querySelector(".raw").textContent.startsWith("<think>"));
      set(verifier, "mcq");
      seen.push(byId("count").textContent);
      set(byId("filter-text"), "no such words");
      seen.push(list.textContent);
      document.title = seen.join(" / ");
    </script></body>"""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", path.read_text(encoding="utf-8"))
    path.write_text(text.replace("</body>", acted), encoding="utf-8")
    seen = "item-1 / base sft grpo sft_grpo / sft grpo / 2 / ✓✗· / true / true / true / 4 of 20 / "
    assert f"<title>{seen}No question fits these filters.</title>" in browse(path)


def test_the_page_fetches_nothing(report):
    text = report.read_text(encoding="utf-8")
    document = Document(text)
    for _, attributes in document.tags:
        for name in ("src", "href", "xlink:href"):
            assert not re.match(r"\s*(https?:)?//", attributes.get(name) or "")
    policy = next(one["content"] for tag, one in document.tags if one.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:")
    assert "innerHTML" not in text


def test_embedded_json_cannot_end_its_element():
    text = script_json({"said": "".join(HOSTILE)})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {"said": "".join(HOSTILE)}
    assert json.loads(script_json("\ud800")) == "\ud800"


def test_items_are_spread_over_verifiers_and_templates(study):
    chosen = choose_items(study, 10, seed=1)
    verifiers = [
        one.verifier for one in study["base"] if one.draw == 0 and one.decoding == "greedy" and one.item_id in chosen
    ]
    assert len(chosen) == 10
    assert sorted(verifiers.count(verifier) for verifier in set(verifiers)) == [2] * 5
    assert choose_items(study, 10, seed=1) == chosen != choose_items(study, 10, seed=2)
    assert len(choose_items(study, 1_000)) == 60


def test_the_browser_holds_every_arm_of_an_item(study, picture):
    data = browser_data(Traces(study, picture), count=5)
    assert [arm["name"] for arm in data["arms"]] == ["base", "sft", "grpo", "sft_grpo"]
    for item in data["items"]:
        assert set(item["responses"]) == set(study)
        assert all(one["decoding"] == "greedy" and one["draws"] == 4 for one in item["responses"].values())
    assert all(uri.startswith("data:image/png;base64,") for uri in data["pictures"].values())


def test_a_picture_that_cannot_be_read_is_missing_and_no_more(study):
    def broken(digest):
        if digest == "p0":
            raise InputError("not in the store")
        return b"<svg onload=alert(1)>"

    assert set(browser_data(Traces(study, broken), count=20)["pictures"].values()) == {None}


def test_without_matplotlib_the_report_is_made_with_a_note(tmp_path, results, study, picture, monkeypatch):
    for name in [name for name in sys.modules if name.startswith(("matplotlib", "seethink.analysis.figures"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("seethink.analysis.figures", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    write_report(tmp_path / "report.html", results, tables(study), Traces(study, picture), items=3)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert NO_FIGURES.replace("'", "&#39;") in text
    assert "<svg" not in text


def test_the_report_says_what_the_results_say(tmp_path, results, study, picture):
    write_report(tmp_path / "report.html", results, tables(study), Traces(study, picture), items=3)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert results["claim"] in text
    assert f"{100 * results['arms']['grpo']['accuracy']['mean']:.1f} %" in text
    assert text.count("✓<span") == 1
    assert text.count("✗<span") == 1
    assert "scenes: 700 of 900 kept" in text
