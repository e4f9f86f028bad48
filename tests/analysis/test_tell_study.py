"""Everything that a study leaves to read, from its tables alone."""

import dataclasses
import json
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from seethink.analysis.ablations import ablations, main_arms
from seethink.analysis.controls_told import agreement
from seethink.analysis.registered import Registration
from seethink.analysis.results import check_results, results_of
from seethink.analysis.study_data import read_study_data, write_study_data
from seethink.analysis.study_page import study_page
from seethink.analysis.tell import tell_study
from seethink.analysis.wording import headline
from seethink.core.item import Verifier

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytest.importorskip("matplotlib")

REGISTRATION = {
    "title": "A title with | and <b>",
    "primary": "gap",
    "doses": [{"name": "h", "dial": "teacher.h", "series": {"sft": {0: "sft-0", 1: "sft-1"}}}],
    "claims": [
        {"kind": "difference", "name": "gap", "family": "gap", "statement": "It falls.", "quantity": "accuracy",
         "a": "sft+rl", "b": "rl", "direction": "falls", "smallest": 0.03},
        {"kind": "slope", "name": "planted", "family": "planted", "statement": "It plants.", "direction": "rises",
         "quantity": "hesitation_rate", "dose": "h", "series": "sft", "smallest": 0.1},
    ],
}  # fmt: skip
ACCURACY = {"base": 0.4, "rl": 0.75, "sft+rl": 0.5, "sft-0": 0.5, "sft-1": 0.5, "rl-a": 0.6, "rl-b": 0.7}
CHANGES = {"sft-0": {"teacher.h": 0}, "sft-1": {"teacher.h": 1}, "rl-a": {"rl.kl": 0.1}, "rl-b": {"rl.kl": 0.2}}


@pytest.fixture(scope="module")
def made(make_study):
    return make_study(ACCURACY, {"sft-1": 0.4}, runs=3, changes=CHANGES)


@pytest.fixture(scope="module")
def told(made, tmp_path_factory):
    out = tmp_path_factory.mktemp("told")
    results = tell_study(
        out, made, registration=Registration.model_validate(REGISTRATION), resamples=200, command="make it"
    )
    return out, results


def test_results_follow_their_schema(told):
    check_results(told[1])
    assert json.loads((told[0] / "results.json").read_text()) == told[1]
    assert [row["verdict"] for row in told[1]["verdicts"]] == ["supported", "supported"]
    assert [(pair["a"], pair["b"]) for pair in told[1]["claims"]["comparisons"]] == [("sft+rl", "rl")]


def test_sections_are_there_where_there_is_something_to_show(told, make_study, tmp_path):
    page = (told[0] / "report.html").read_text()
    for section in ("claims", "doses", "arms", "differences", "ablations", "parts", "training", "controls", "method"):
        assert f'<section id="{section}">' in page and f'href="#{section}"' in page
    assert 'id="traces"' not in page
    tell_study(tmp_path, make_study({"base": 0.4, "sft": 0.5}, runs=1), resamples=50)
    plain = (tmp_path / "report.html").read_text()
    for section in ("claims", "doses", "ablations", "training", "data", "traces"):
        assert f'id="{section}"' not in plain and f'href="#{section}"' not in plain


def test_every_figure_lies_beside_the_report_as_svg_and_png(told):
    names = {path.stem for path in (told[0] / "figures").iterdir()}
    assert {"claims", "doses", "accuracy", "difficulty", "curves", "verifier-curves"} <= names
    for name in names:
        assert ElementTree.parse(told[0] / "figures" / f"{name}.svg").getroot().tag.endswith("svg")
        with Image.open(told[0] / "figures" / f"{name}.png") as image:
            assert image.format == "PNG" and image.width == 1400


def test_a_dose_is_told_in_the_other_decoding_too_and_that_is_not_registered(told):
    greedy, sampled = told[1]["doses"]
    assert (greedy["decoding"], greedy["registered"]) == ("greedy", True)
    assert (sampled["decoding"], sampled["registered"], sampled["quantity"]) == ("sampled", False, "hesitation_rate")
    means = [[point["mean"] for point in row["points"]] for row in (greedy, sampled)]
    assert means[1] == pytest.approx([mean + 0.1 for mean in means[0]], abs=0.01)
    registered, other = ((told[0] / "figures" / f"{name}.svg").read_text() for name in ("doses", "doses-unregistered"))
    assert "greedy responses, as registered" in registered and "sampled responses, not registered" in other
    page, report = (told[0] / "README.md").read_text(), (told[0] / "report.html").read_text()
    assert "| `teacher.h` | hesitant steps | sampled, not registered | sft | 0 |" in page
    assert '<td>sampled<span class="span">not registered</span></td>' in report


def test_the_gap_is_told_without_open_questions_and_rests_on_no_registration(made, told):
    found, whole = told[1]["without_open"], told[1]["claims"]
    [pair], [of_all] = found["comparisons"], whole["comparisons"]
    assert (pair["a"], pair["b"]) == ("sft+rl", "rl")
    exact = {item.id for item in made.items if item.verifier is not Verifier.OPEN}
    for claim in ("checkpoints", "recipe"):
        assert pair[claim]["n"] == len(exact) == 160 and of_all[claim]["n"] == 200 and pair[claim]["p_holm"] < 0.05
    means = [
        np.mean([value for item, value in zip(made.items, run.table["greedy_strict"], strict=True) if item.id in exact])
        for arm in ("sft+rl", "rl")
        for run in made.runs[arm].values()
    ]
    assert pair["checkpoints"]["mean"] == pytest.approx(np.mean(means[:3]) - np.mean(means[3:]), abs=1e-6)
    for text in (told[0] / "README.md").read_text(), (told[0] / "report.html").read_text():
        section = text.split("Without open questions")[1]
        assert "Not registered, and no verdict rests on it" in section[:120] and "sft+rl − rl" in section[:2500]


def test_there_is_nothing_without_open_questions_where_none_or_all_are(make_study):
    study = make_study({"base": 0.4, "rl": 0.8}, runs=1)
    for verifier in (Verifier.DIGIT, Verifier.OPEN):
        same = dataclasses.replace(study, items=tuple(item._replace(verifier=verifier) for item in study.items))
        assert results_of(same, resamples=50)["without_open"] is None


def test_an_accepted_difference_is_told_with_its_reason_and_apart_from_a_declared_one(made, tmp_path):
    arms = dict.fromkeys(made.arms, "a") | {"rl-b": "b"}
    rows = [
        {"control": "rl.config.kl", **arms, "matched": False, "declared": "rl.kl", "per_run": False},
        {"control": "rl.code", **arms, "matched": False, "declared": "two sittings, <same> code", "per_run": False},
        {"control": "rl.packages.torch", **arms, "matched": False, "declared": "", "per_run": False},
        {"control": "rl.seeds", **arms, "matched": True, "declared": "", "per_run": False},
    ]
    told = dataclasses.replace(made, controls=rows)
    write_study_data(tmp_path / "tables", told)
    for out, study in (("fresh", told), ("read", read_study_data([tmp_path / "tables"]))):
        tell_study(tmp_path / out, study, resamples=50)
        page = (tmp_path / out / "README.md").read_text()
        assert "| rl.config.kl | ◇ declared: rl.kl |" in page
        assert "| rl.code | □ accepted: two sittings, \\<same\\> code |" in page
        assert "| rl.packages.torch | ✗ differs |" in page and "| rl.seeds | ✓ |" in page
        report = (tmp_path / out / "report.html").read_text()
        assert '<b class="agreement declared" title="declared">' in report and "declared: rl.kl<" in report
        assert '<b class="agreement accepted" title="accepted">' in report
        assert "accepted: two sittings, &lt;same&gt; code<" in report


def test_tables_of_an_earlier_version_say_only_that_a_difference_is_explained():
    assert agreement({"control": "x", "matched": False, "declared": True}, {}) == ("declared", "")


def test_arms_of_doses_and_ablations_have_sections_of_their_own(told):
    assert main_arms(told[1]) == ["base", "rl", "sft+rl"]
    [table] = ablations(told[1])
    assert table.paths == ("rl.kl",) and [row.arm for row in table.rows] == ["base", "rl", "rl-a", "rl-b"]


def test_the_page_has_every_verdict_and_no_markup_from_names(told):
    page = (told[0] / "README.md").read_text()
    assert page.startswith("# A title with \\| and \\<b\\>\n")
    assert "| It falls. (decides) | ✓ **supported** |" in page
    assert "![" in page and "(figures/doses.svg)" in page
    for line in page.splitlines():
        if line.startswith("| ") and "---" not in line:
            assert line.endswith(" |")
    assert "Made by `make it`." in page


def test_the_page_of_a_study_without_claims_tells_its_findings(make_study):
    page = study_page(results_of(make_study({"base": 0.4, "rl": 0.8}, runs=1), resamples=50), [])
    assert "rl has the highest accuracy of 2 arms" in page and "Registered claims" not in page and "![" not in page


def test_a_page_begins_with_the_title_and_the_question_of_its_study(make_study, tmp_path):
    arms = {"base": 0.4, "sft": 0.5, "rl": 0.8, "sft+rl": 0.6}
    asked = [("sft+rl", "sft"), ("rl", "base"), ("sft+rl", "rl")]
    study = dataclasses.replace(make_study(arms), compare=asked, title="Does SFT help | RL?")
    results = tell_study(tmp_path, study, resamples=200)
    check_results(results)
    assert results["question"] == ["sft+rl", "sft"]
    title, _, lead, *_ = (tmp_path / "README.md").read_text().split("\n\n")
    assert title == "# Does SFT help \\| RL?"
    assert lead.startswith("These checkpoints: sft+rl is above sft by ")
    assert "<title>Does SFT help | RL?</title>" in (tmp_path / "report.html").read_text()
    # Without a name for them, what was observed comes first.
    plain = study_page(results_of(dataclasses.replace(study, compare=[], title=None), resamples=50), [])
    assert plain.startswith("# A study\n") and plain.split("\n\n")[2].startswith("rl has the highest accuracy of 4")


def test_the_question_is_told_once(make_study):
    arms = {"base": 0.4, "rl": 0.8, "sft+rl": 0.6}
    study = dataclasses.replace(make_study(arms), compare=[("sft+rl", "rl"), ("rl", "base")])
    told = headline(results_of(study, resamples=200))
    assert told[0].startswith("These checkpoints: rl is above sft+rl") and len(set(told)) == len(told)
    assert [one.split()[0] for one in told].count("rl") == 1


def test_the_study_s_own_title_comes_before_that_of_its_claims(made):
    results = results_of(made, registration=Registration.model_validate(REGISTRATION), resamples=50)
    assert study_page(results | {"title": "Mine"}, []).startswith("# Mine\n")


def test_the_command_tells_a_study_from_its_tables_and_adds_seeds(made, tmp_path):
    from seethink.cli import app

    write_study_data(tmp_path / "data" / "first", made)
    claims = tmp_path / "claims.yaml"
    claims.write_text(json.dumps(REGISTRATION))
    done = CliRunner().invoke(
        app, ["analyse", "study", str(tmp_path / "data"), "--claims", str(claims), "--out", str(tmp_path / "out"),
              "--tables", str(tmp_path / "joined")],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "supported" in done.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "results.json",
        "report.html",
        "figures",
        "README.md",
    }
    assert (tmp_path / "joined" / "study.json").read_text() == (tmp_path / "data" / "first" / "study.json").read_text()


def test_the_command_takes_a_title(make_study, tmp_path):
    from seethink.cli import app

    write_study_data(tmp_path / "data", make_study({"base": 0.4, "rl": 0.8}, runs=1))
    words = ["analyse", "study", str(tmp_path / "data"), "--out", str(tmp_path / "out"), "--title", "Two arms"]
    done = CliRunner().invoke(app, words)
    page = (tmp_path / "out" / "README.md").read_text()
    assert done.exit_code == 0 and page.startswith("# Two arms\n") and "--title 'Two arms'`" in page


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
@pytest.mark.parametrize("width", [1280, 500])
def test_the_report_fits_its_window_and_turns_dark(told, tmp_path, width):
    text = (told[0] / "report.html").read_text(encoding="utf-8")
    policy = text[text.index('<meta http-equiv="Content-Security-Policy"') :].split(">")[0] + ">"
    acted = """<script>
      const root = document.documentElement, paper = () => getComputedStyle(document.body).backgroundColor;
      const seen = [root.scrollWidth <= window.innerWidth, paper()];
      const button = document.getElementById("theme");
      button.click(); button.click();
      seen.push(paper(), button.textContent);
      document.title = seen.join(" / ");
    </script></body>"""
    page = tmp_path / "page.html"
    page.write_text(text.replace(policy, "").replace("</body>", acted), encoding="utf-8")
    flags = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--virtual-time-budget=3000",
        "--dump-dom",
    )
    done = subprocess.run(
        [
            CHROMIUM,
            *flags,
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={width},900",
            Path(page).as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "<title>true / rgb(255, 255, 255) / rgb(20, 23, 27) / theme: dark</title>" in done.stdout
