"""traces.html: a diagnosis as one file that opens offline. Jinja escapes what models wrote; the page runs no script."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from seethink.analysis.pseudo_reasoning.told import measure_text, share_text
from seethink.core.tables import write_text


def write_traces_page(path: Path, tree: Mapping[str, Any]) -> None:
    """Write the page to ``path``, self-contained, or nothing."""
    environment = Environment(
        loader=PackageLoader("seethink", "analysis"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    page = environment.get_template("traces.html.jinja").render(tree=tree, measure=measure_text, share=share_text)
    write_text(path, page)
