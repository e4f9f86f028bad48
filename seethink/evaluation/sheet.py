"""Sheet: xlsx files of plain cells, the harness's own form of a result file.

Every text is written as a text: a spreadsheet shows it and runs no formula in it, and the harness reads it back as it
was. What XML cannot hold is written as the harness's own writer does, ``_x000C_``, and read back as it was.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from seethink.core.rejected import InputError
from seethink.core.tables import whole
from seethink.evaluation.rules.storage import MAX_TEXT

MAX_SHEET = 2**31
"""Bytes of an unpacked sheet that are read. choice."""

_SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_DOCUMENT = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_TYPES}">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_DOCUMENT}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_DOCUMENT}.worksheet+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_DOCUMENT}.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_SPACE}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
}
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|[\ud800-\udfff]|_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_COLUMN = re.compile(r"([A-Z]{1,3})[0-9]*")


def write_sheet(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """One sheet with a line of names and one line per row; the file is there whole, or not at all."""
    values: Iterator[list[Any]] = chain([list(columns)], ([row.get(name) for name in columns] for row in rows))
    lines: list[str] = []
    with whole(path) as fresh, zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _PARTS.items():
            archive.writestr(name, _HEAD + content)
        # Texts stand apart, as the harness's writer puts them: its reader takes texts inside a cell a little otherwise.
        with archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as shared:
            shared.write(f'{_HEAD}<sst xmlns="{_SPACE}">'.encode())
            number = count()
            for line in values:
                cells = [_cell(value, shared, number) for value in line]
                lines.append(f"<row>{''.join(cells)}</row>")
            shared.write(b"</sst>")
        sheet = f'{_HEAD}<worksheet xmlns="{_SPACE}"><sheetData>{"".join(lines)}</sheetData></worksheet>'
        archive.writestr("xl/worksheets/sheet1.xml", sheet)


def _cell(value: Any, shared: IO[bytes], number: Iterator[int]) -> str:
    match value:
        case None:
            return "<c/>"
        case bool():
            return f'<c t="b"><v>{int(value)}</v></c>'
        case int() if abs(value) < 10**15:
            return f"<c><v>{value}</v></c>"
        case _:
            kept = _UNFIT.sub(_escaped, _cut(str(value)))
            shared.write(f'<si><t xml:space="preserve">{escape(kept)}</t></si>'.encode())
            return f'<c t="s"><v>{next(number)}</v></c>'


def _cut(text: str) -> str:
    """As much of a text as a cell holds, where the harness's own writer cuts as well."""
    if len(text) <= MAX_TEXT // 2:
        return text
    return text.encode("utf-16-le", "surrogatepass")[: 2 * MAX_TEXT].decode("utf-16-le", "replace")


def _escaped(match: re.Match[str]) -> str:
    mark = match.group()
    return "\ufffd" if "\ud800" <= mark <= "\udfff" else f"_x{ord(mark):04X}_"


def read_sheet(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of the first sheet by the names in its first line. Raises InputError where the file cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            shared = _shared_texts(archive)
            with _opened(archive, _first_sheet(archive)) as sheet:
                names: list[str] | None = None
                for line in _lines(sheet, shared):
                    if names is None:
                        names = [str(line.get(place, "")) for place in range(max(line, default=-1) + 1)]
                    else:
                        yield {name: line.get(place) for place, name in enumerate(names)}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, ElementTree.ParseError) as error:
        raise InputError(f"{path} cannot be read as a sheet ({error}): write it again, or give a .tsv file") from None


def _opened(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    if archive.getinfo(name).file_size > MAX_SHEET:
        raise ValueError(f"{name} unpacks to more than {MAX_SHEET} bytes")
    return archive.open(name)


def _first_sheet(archive: zipfile.ZipFile) -> str:
    sheets = sorted(
        (name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)),
        key=lambda name: (len(name), name),
    )
    if not sheets:
        raise ValueError("it holds no sheet")
    return sheets[0]


def _shared_texts(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    texts = []
    with _opened(archive, "xl/sharedStrings.xml") as file:
        for _, element in ElementTree.iterparse(file):
            if element.tag == f"{{{_SPACE}}}si":
                texts.append(_text_of(element))
                element.clear()
    return texts


def _lines(sheet: IO[bytes], shared: Sequence[str]) -> Iterator[dict[int, Any]]:
    for _, element in ElementTree.iterparse(sheet):
        if element.tag != f"{{{_SPACE}}}row":
            continue
        line: dict[int, Any] = {}
        place = -1
        for cell in element.iter(f"{{{_SPACE}}}c"):
            named = _COLUMN.match(cell.get("r", ""))
            place = _place(named[1]) if named else place + 1
            line[place] = _value(cell, shared)
        yield line
        element.clear()


def _value(cell: ElementTree.Element, shared: Sequence[str]) -> Any:
    kind, held = cell.get("t", "n"), cell.findtext(f"{{{_SPACE}}}v")
    if kind == "inlineStr":
        return _text_of(cell)
    if held is None:
        return None
    match kind:
        case "s":
            return shared[int(held)]
        case "n":
            number = float(held)
            return int(number) if number.is_integer() and abs(number) < 10**15 else number
        case "b":
            return held == "1"
        case _:
            return _plain(held)


def _text_of(element: ElementTree.Element) -> str:
    return _plain("".join(part.text or "" for part in element.iter(f"{{{_SPACE}}}t")))


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def _place(letters: str) -> int:
    place = 0
    for letter in letters:
        place = 26 * place + ord(letter) - ord("A") + 1
    return place - 1
