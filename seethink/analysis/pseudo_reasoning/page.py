"""traces.html: a diagnosis as one file that opens offline. Jinja escapes what models wrote; the page runs no script."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seethink.analysis.pages import templates
from seethink.analysis.pseudo_reasoning.told import measure_text, share_text
from seethink.core.tables import write_text


def write_traces_page(path: Path, tree: Mapping[str, Any]) -> None:
    """Write the page to ``path``, self-contained, or nothing."""
    page = templates().get_template("traces.html.jinja").render(tree=tree, measure=measure_text, share=share_text)
    write_text(path, page)
