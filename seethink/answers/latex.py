r"""Mathematics as people and models write it, brought to the LaTeX that math-verify's LaTeX extractor reads.

``-5 * sin(-5 * x)``, ``√3/2``, ``$\boxed{y=2x}$`` and ``The equation is y = 2x.`` all become bare LaTeX. Only text is
rewritten here; nothing is evaluated.
"""

from __future__ import annotations

import re

from seethink.answers.boxed import unboxed
from seethink.answers.units import MONEY

MAX_EXPRESSION = 2_000
"""Longest expression worth parsing, in characters. choice."""

MAX_DEPTH = 40
"""Deepest nesting of brackets worth parsing: the parser's time grows steeply with it. choice."""

_INVERSE = {spelling: rf"\arc{name}" for name in ("sin", "cos", "tan") for spelling in (f"arc{name}", f"a{name}")}
_NAMES = ("sinh", "cosh", "tanh", "sin", "cos", "tan", "cot", "sec", "csc", "log", "ln", "exp")
_FUNCTIONS = {name: rf"\{name}" for name in _NAMES} | _INVERSE
_FUNCTION = re.compile(
    rf"(?<![\\A-Za-z])(?P<factor>[A-Za-z]?)(?P<name>{'|'.join(sorted(_FUNCTIONS, key=len, reverse=True))})"
    r"(?P<base>_?[0-9]+(?=\s*\()|)(?![A-Za-z]{2})"
)
_CHARACTERS = str.maketrans(
    {
        "×": r"\times ", "·": r"\cdot ", "⋅": r"\cdot ", "∙": r"\cdot ", "÷": r"\div ",
        "π": r"\pi ", "θ": r"\theta ", "α": r"\alpha ", "β": r"\beta ", "γ": r"\gamma ", "φ": r"\phi ",
        "²": "^{2}", "³": "^{3}", "°": r"^{\circ}", "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "∞": r"\infty ",
        "½": r"\frac{1}{2}", "√": "sqrt", "\u00a0": " ", "\u2009": " ",
    }
)  # fmt: skip
_DISPLAY = (
    re.compile(r"\$\$([^$]*)\$\$", re.DOTALL),
    re.compile(r"\$([^$]*)\$", re.DOTALL),
    re.compile(r"\\\[((?:(?!\\[\[\]]).)*)\\\]", re.DOTALL),
    re.compile(r"\\\(((?:(?!\\[()]).)*)\\\)", re.DOTALL),
)
_MARKED = re.compile(r"†\s*answer\s*:", re.IGNORECASE)
_LEAD = re.compile(
    r"(?:[A-Za-z][A-Za-z' ]{0,200}\b(?:is|are|equals|becomes)\b\s*:?|(?:final\s+)?answer\s*:)\s*", re.IGNORECASE
)
_MIXED = re.compile(r"(?<![\w.}])([0-9]{1,6}) ([0-9]{1,6})/([0-9]{1,6})(?![\w.])")
_SCIENTIFIC = re.compile(r"(?<![\w.])([0-9]{1,20}(?:\.[0-9]{1,20})?)[eE]([-+]?[0-9]{1,4})(?![\w.])")
_PERCENT = re.compile(r"(?<=[0-9}]) ?(?:\\?%|percent)$")
_FUNCTION_OF = re.compile(r"^\s*[fF]\s*\(\s*[a-z]\s*\)\s*=")
_COMMAND = re.compile(r"\\(?:begin|end)\s*\{[a-z]+\*?\}|\\[A-Za-z]+")
_WORD = re.compile(r"[A-Za-z]{3,}")
_PRODUCT = re.compile(r"[abc]+|[xyz]+|[A-Z]{1,4}|and")


def marked_answer(text: str) -> str:
    """The last line of a worked solution behind its ``†Answer:`` mark (early Math-PUMA golds), else the text itself."""
    marks = list(_MARKED.finditer(text))
    if not marks:
        return text
    rest = text[marks[-1].end() :].strip()
    return rest.split("\n", 1)[0]


def bare_math(text: str) -> str | None:
    """The one mathematical expression of a text, without delimiters, box, lead-in or full stop; None if several."""
    text = unboxed(text).strip()
    for _ in range(6):
        shorter = _unwrapped(text)
        if shorter == text:
            break
        text = shorter
    spans = {match[1].strip() for display in _DISPLAY for match in display.finditer(text)}
    if spans:
        around = text
        for display in _DISPLAY:
            around = display.sub(" ", around)
        if len(spans) > 1 or re.search(r"[0-9=\\]", around):
            return None
        return bare_math(spans.pop())
    formula = "$" not in text or MONEY.fullmatch(text)
    return text if text and formula and r"\boxed" not in text else None


def as_latex(text: str) -> str | None:
    """Bare LaTeX for plain or LaTeX mathematics; None where the text holds words, control characters or too much."""
    if len(text) > MAX_EXPRESSION or not all(char.isprintable() or char.isspace() for char in text):
        return None
    latex = " ".join(text.translate(_CHARACTERS).split())
    latex = _SCIENTIFIC.sub(r"\1 \\times 10^{\2}", _MIXED.sub(r"(\1 + \\frac{\2}{\3})", latex))
    latex = _PERCENT.sub(r"\\%", latex)
    latex = _FUNCTION_OF.sub("y =", latex)
    latex = re.sub(r"\\operatorname\s*\{([a-z]+)\}", r"\1", latex)
    latex = latex.replace(r"\mathrm{e}", "e").replace(r"\degree", r"^{\circ}")
    latex = re.sub(r"\\[,;:!~]|\\q?quad(?![A-Za-z])", " ", latex)
    latex = latex.replace("**", "^").replace("*", r" \cdot ")
    latex = re.sub(r"(?<![\\A-Za-z])pi(?![A-Za-z])", r"\\pi ", latex)
    latex = _braced(latex, "sqrt", r"\sqrt{", "}")
    latex = _braced(latex, "abs", "|", "|")
    latex = _FUNCTION.sub(_as_command, latex)
    latex = _braced_powers(latex)
    if not latex.isascii() or len(latex) > 2 * MAX_EXPRESSION or _depth(latex) > MAX_DEPTH:
        return None
    words = _WORD.findall(_COMMAND.sub(" ", latex))
    return latex if all(_PRODUCT.fullmatch(word) for word in words) else None


def _unwrapped(text: str) -> str:
    text = text.strip().rstrip(".;,").lstrip("=").strip()
    if len(text) > 4 and text.startswith("**") and text.endswith("**"):
        return text[2:-2]
    for display in _DISPLAY:
        match = display.fullmatch(text)
        if match:
            return match[1].strip()
    lead = _LEAD.match(text)
    return text[lead.end() :] if lead else text


def _as_command(match: re.Match[str]) -> str:
    command = f"{match['factor']} {_FUNCTIONS[match['name']]}"
    base = match["base"]
    return f"{command}_{{{base.lstrip('_')}}}" if base and match["name"] == "log" else f"{command} {base}"


def _braced(text: str, name: str, opening: str, closing: str) -> str:
    """``sqrt(…)``, ``sqrt{…}`` and ``sqrt3`` as LaTeX, brackets matched; LaTeX commands stay as they are."""
    pattern = re.compile(rf"(?<!\\){name}\s*(?=[({{0-9A-Za-z\\])")
    done, cursor = [], 0
    while (match := pattern.search(text, cursor)) is not None:
        done.append(text[cursor : match.start()])
        first = text[match.end()]
        if first in "({":
            end = _closing(text, match.end(), "()" if first == "(" else "{}")
            if end < 0:
                done.append(text[match.start() :])
                return "".join(done)
            inner, cursor = text[match.end() + 1 : end], end + 1
            inner = _braced(inner, name, opening, closing)
        else:
            single = re.compile(r"[0-9]+(?:\.[0-9]+)?|[A-Za-z]|\\[A-Za-z]+").match(text, match.end())
            if single is None:
                done.append(text[match.start() :])
                return "".join(done)
            inner, cursor = single.group(), single.end()
        done.append(f" {opening}{inner}{closing}")
    return "".join(done) + text[cursor:]


def _braced_powers(text: str) -> str:
    """``x^(2n)`` as ``x^{2n}``."""
    start = 0
    while (place := text.find("^(", start)) >= 0:
        end = _closing(text, place + 1, "()")
        if end < 0:
            return text
        text = f"{text[: place + 1]}{{{text[place + 2 : end]}}}{text[end + 1 :]}"
        start = place + 1
    return text


def _depth(text: str) -> int:
    depth = deepest = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _closing(text: str, opening: int, pair: str) -> int:
    """Where the bracket that opens at ``opening`` closes, -1 if it does not."""
    depth = 0
    for place in range(opening, len(text)):
        if text[place] == pair[0]:
            depth += 1
        elif text[place] == pair[1]:
            depth -= 1
            if depth == 0:
                return place
    return -1
