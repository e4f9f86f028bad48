"""All that a study leaves to read, from its tables: results.json, report.html, the figures, and a page of Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seethink.analysis.browser import Traces
from seethink.analysis.compare import RESAMPLES
from seethink.analysis.drawings import draw_study, write_drawings
from seethink.analysis.registered import Registration
from seethink.analysis.report import write_report
from seethink.analysis.results import results_of
from seethink.analysis.study_data import Study
from seethink.analysis.study_page import study_page
from seethink.core.tables import write_json, write_text

RESULTS, REPORT, PAGE, FIGURES = "results.json", "report.html", "README.md", "figures"


def tell_study(
    out: Path,
    study: Study,
    *,
    registration: Registration | None = None,
    traces: Traces | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
    command: str | None = None,
) -> dict[str, Any]:
    """Write everything below ``out`` and return the tree of results.json.

    Args:
        traces: responses to browse, where the runs are at hand.
        seed: of the resampling, and of the choice of what may be browsed.
        command: said at the end of the page.
    """
    results = results_of(study, registration=registration, seed=seed, resamples=resamples)
    drawings = draw_study(results, study)
    write_drawings(out / FIGURES, drawings)
    write_text(out / PAGE, study_page(results, list(drawings), folder=FIGURES, command=command))
    write_report(out / REPORT, results, study, traces, seed=seed)
    write_json(out / RESULTS, results)
    return results
