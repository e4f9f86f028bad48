"""Check a study's results: ``check_results.py runs/x/results.json``. Silent and 0 where all is well, else says why not.

The file must hold what its schema asks, and the report beside it must be there and fetch nothing when opened.
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

from seethink.analysis.results import check_results
from seethink.core.rejected import InputError
from seethink.core.tables import read_json

_FETCHING = {"src", "href", "xlink:href", "srcset", "data", "poster", "action", "formaction", "background", "ping"}
_NETWORK = re.compile(r"\s*(?:https?:|wss?:|ftp:)?//", re.IGNORECASE)
_CSS_NETWORK = re.compile(r"(?:url\(|@import)\s*['\"]?\s*(?:https?:)?//", re.IGNORECASE)


class Fetches(HTMLParser):
    """Collects what a browser would fetch, or navigate to, over the network."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        for name, value in attrs:
            text = value or ""
            if name in _FETCHING and any(_NETWORK.match(part) for part in text.split(",")):
                self.found.append(f'line {self.getpos()[0]}: <{tag} {name}="{text[:100]}">')
            if name == "style" and _CSS_NETWORK.search(text):
                self.found.append(f'line {self.getpos()[0]}: <{tag} style="{text[:100]}">')

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style and _CSS_NETWORK.search(data):
            self.found.append(f"line {self.getpos()[0]}: a style sheet loads from the network")


def check_report(path: Path) -> None:
    """InputError where the report is missing, empty, or would fetch something."""
    if not path.is_file():
        raise InputError(f"{path} does not exist: the report belongs beside results.json")
    text = path.read_text(encoding="utf-8")
    if "</html>" not in text:
        raise InputError(f"{path} is empty or was cut short ({len(text)} characters)")
    fetches = Fetches()
    fetches.feed(text)
    fetches.close()
    if fetches.found:
        raise InputError(f"{path} is not self-contained: " + "; ".join(fetches.found[:5]))


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: check_results.py RESULTS.json\n")
        return 2
    results = Path(arguments[0])
    try:
        check_results(read_json(results))
        check_report(results.with_name("report.html"))
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
