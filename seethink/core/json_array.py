"""The elements of a JSON array, one at a time: files of many gigabytes are common, and none is held whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from seethink.core.rejected import InputError, Rejected

_CHUNK = 1_000_000
_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")
_MARK = re.compile(r'\\.|["{}\[\]]', re.DOTALL)


TOO_LONG = "record too long"


def array_elements(path: Path, below: str, longest: int) -> Iterator[tuple[Any, int]]:
    """The file's array, or the one in field ``below`` of the file's object, each element with its line.

    An element that is too long, nested too deeply or not UTF-8 is passed over and comes out as Rejected.

    Args:
        longest: characters of an element.

    Raises:
        InputError: the array is missing, damaged or breaks off; the message names the line.
    """
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        text = _Window(file, path, longest)
        if below:
            text.enter(below)
        text.take("[", "an array is needed here")
        while text.peek() != "]":
            yield text.element()
            if text.peek() != "]":
                text.take(",", "the JSON array breaks off here")


class _Unreadable(Exception):
    """An element that can be passed over; ``args`` are the reason and the detail."""


class _Window:
    """The part of the file at work: what was read is forgotten, what is needed is fetched."""

    def __init__(self, file: TextIO, path: Path, longest: int) -> None:
        self.file, self.path, self.longest = file, path, longest
        self.text, self.place = "", 0
        self.line, self.counted = 1, 0
        self.ended = False

    def peek(self) -> str:
        """The next character that is no white space, "" at the end of the file."""
        while True:
            space = _SPACE.match(self.text, self.place)
            assert space is not None
            self.place = space.end()
            if self.place < len(self.text):
                return self.text[self.place]
            if not self._fetch():
                return ""

    def take(self, mark: str, otherwise: str) -> None:
        if self.peek() != mark:
            raise self._damaged(otherwise)
        self.place += 1

    def enter(self, field: str) -> None:
        """Go on behind the colon of ``field`` in the file's object."""
        self.take("{", f"an object with the field {field} is needed here")
        while self.peek() == '"':
            name = self._value()
            self.take(":", "the JSON object breaks off here")
            if name == field:
                return
            self.peek()
            try:
                self._value()
            except _Unreadable:
                self._pass_over()
            if self.peek() == ",":
                self.place += 1
        raise self._damaged(f"there is no field {field}")

    def element(self) -> tuple[Any, int]:
        line, start, window = self._line(), self.place, self.text
        try:
            value = self._value()
        except _Unreadable as problem:
            self._pass_over()
            return Rejected(*problem.args), line
        if self.text is not window:
            # More was fetched, and the window now begins where the element does.
            start = 0
        try:
            self.text[start : self.place].encode("utf-8")
        except UnicodeEncodeError:
            return Rejected("not JSON", "it is not UTF-8 text: save the file as UTF-8"), line
        return value, line

    def _value(self) -> Any:
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self.place)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated string") or error.pos > len(self.text) - 10
                if not cut or self.ended:
                    raise self._damaged(f"the JSON array breaks off or is damaged here ({error.msg})") from None
                if len(self.text) - self.place > self.longest:
                    raise self._too_long() from None
            except RecursionError:
                raise _Unreadable("not JSON", "it is nested too deeply") from None
            except ValueError as error:
                raise _Unreadable("not JSON", str(error)) from None
            else:
                # A number at the very end of what was read may go on.
                if end < len(self.text) or self.ended:
                    if end - self.place > self.longest:
                        raise self._too_long()
                    self.place = end
                    return value
            self._fetch()

    def _pass_over(self) -> None:
        depth, quoted = 0, False
        while True:
            end = self.place
            for found in _MARK.finditer(self.text, self.place):
                end = found.end()
                match found[0]:
                    case '"':
                        quoted = not quoted
                    case "{" | "[" if not quoted:
                        depth += 1
                    case "}" | "]" if not quoted:
                        depth -= 1
                if depth == 0 and not quoted:
                    self.place = end
                    return
            # A backslash at the end belongs to the character after it.
            cut = self.text.endswith("\\") and end < len(self.text)
            self.place = len(self.text) - cut
            if not self._fetch():
                raise self._damaged("the JSON array breaks off here")

    def _fetch(self) -> bool:
        more = self.file.read(max(_CHUNK, len(self.text) - self.place))
        self._line()
        self.text, self.place, self.counted = self.text[self.place :] + more, 0, 0
        self.ended = not more
        return bool(more)

    def _line(self) -> int:
        self.line += self.text.count("\n", self.counted, self.place)
        self.counted = self.place
        return self.line

    def _too_long(self) -> _Unreadable:
        return _Unreadable(TOO_LONG, f"it is longer than {self.longest} characters")

    def _damaged(self, told: str) -> InputError:
        return InputError(
            f"{self.path}:{self._line()}: {told}: mend or fetch the file again; nothing after this place could be read"
        )
