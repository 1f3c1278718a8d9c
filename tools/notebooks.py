"""Write the tutorials as notebooks, from the pages themselves: text, files to write, and commands as cells.

python tools/notebooks.py            # writes docs/notebooks
python tools/notebooks.py --check    # changes nothing; exit 1 if a notebook is out of date
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4

from tightrope.writing import write_text

DOCS = Path(__file__).parents[1] / "docs"
FOLDER = DOCS / "notebooks"
_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```\n?", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:|#)([^)]+)\)")


def notebook(page: str) -> str:
    """The notebook of a page of Markdown, as JSON; the same page gives the same one."""
    made = v4.new_notebook(
        cells=list(cells(page)),
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        },
    )
    for number, cell in enumerate(made.cells):
        cell["id"] = f"cell-{number}"
    nbformat.validate(made)
    text: str = nbformat.writes(made)
    return text + "\n"


def cells(page: str) -> Iterator[Any]:
    """Between the fences Markdown; a fence with `file=` writes that file, one in bash runs, any other is text."""
    place = 0
    text = ""
    for fence in _FENCE.finditer(page):
        text += page[place : fence.start()]
        place = fence.end()
        language, options, body = fence.groups()
        settings = dict(option.split("=", 1) for option in options.split())
        if "file" not in settings and language != "bash":
            text += fence.group()
            continue
        if text.strip():
            yield v4.new_markdown_cell(elsewhere(text.strip()))
        text = ""
        yield v4.new_code_cell(magic(settings) + body.rstrip("\n"))
    if (text + page[place:]).strip():
        yield v4.new_markdown_cell(elsewhere((text + page[place:]).strip()))


def magic(settings: dict[str, str]) -> str:
    """The first line of a code cell."""
    if "file" in settings:
        return f"%%writefile {settings['file']}\n"
    return "%%script --no-raise-error bash\n" if settings.get("exit", "0") != "0" else "%%script bash -e\n"


def elsewhere(text: str) -> str:
    """Links are from the tutorials' folder, and a notebook lies beside it."""
    return _LINK.sub(lambda link: f"](../tutorials/{link[1]})" if "/" not in link[1] else f"]({link[1]})", text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a notebook is out of date")
    check = parser.parse_args().check
    made = {
        FOLDER / f"{page.stem}.ipynb": notebook(page.read_text(encoding="utf-8"))
        for page in sorted((DOCS / "tutorials").glob("*.md"))
    }
    there = set(FOLDER.glob("*.ipynb"))
    old = [file for file, text in made.items() if file not in there or file.read_text(encoding="utf-8") != text]
    old += there - made.keys()
    if check:
        print(*(f"{file.name} is out of date" for file in old), sep="\n")
        return int(bool(old))
    FOLDER.mkdir(exist_ok=True)
    for file in there - made.keys():
        file.unlink()
    for file, text in made.items():
        write_text(file, text)
    print(f"{len(made)} notebooks in {FOLDER.relative_to(DOCS.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
