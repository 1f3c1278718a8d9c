"""What `tightrope translate text` does with its options."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from tightrope.errors import BadInputError, OutputError, TightropeError
from tightrope.writing import write_text
from tightrope_translate.documents import SUFFIXES, kind_of, translate_document
from tightrope_translate.engine import AUTO, OTHER, Engine, Result, found_language

LARGEST = 20 * 2**20  # bytes of a document
LONGEST_LINE = 100_000  # characters of standard input that are translated at a time


@dataclass(frozen=True)
class TextOptions:
    """What the command line said."""

    what: tuple[str, ...]
    source: str = AUTO
    target: str = AUTO
    out: Path | None = None
    drafts: bool = False
    models: Path | None = None
    threads: int = 1
    as_json: bool = False


def text_command(options: TextOptions) -> None:
    """Translate what there is. Raises BadInputError at the end if a document could not be used."""
    engine = Engine.open(options.models, options.threads)
    engine.translate("", options.source, options.target)  # a language that there is none of is told now
    documents = [Path(item) for item in options.what if is_document(item)]
    if documents and len(documents) < len(options.what):
        words = next(item for item in options.what if not is_document(item))
        raise BadInputError(
            f"documents and words at once: {words!r} is no .txt, .md, .html or .srt; translate it apart"
        )
    if documents:
        translate_documents(engine, documents, options)
    elif options.what:
        say(shown(engine, " ".join(options.what), options), options)
    else:
        translate_lines(engine, sys.stdin, options)


def is_document(argument: str) -> bool:
    """Whether an argument names a document, by its suffix."""
    return (
        Path(argument).suffix.lower() in SUFFIXES
        and "\n" not in argument
        and (" " not in argument or os.path.isfile(argument))  # noqa: PTH113  # Path's raises where a name is too long
    )


def translate_lines(engine: Engine, lines: TextIO, options: TextOptions) -> None:
    """Answer each line when it is there; what is typed without a line break at the end is a line too."""
    if isinstance(lines, TextIOWrapper):
        lines.reconfigure(encoding="utf-8", errors="replace")
    if lines.isatty():
        print("Type a line to translate it; Ctrl-D ends.", file=sys.stderr)
    if options.out is not None:
        write_text(options.out, "".join(shown(engine, line, options) + "\n" for line in pieces_of(lines)))
        return
    for line in pieces_of(lines):
        print(shown(engine, line, options), flush=True)


def pieces_of(lines: TextIO) -> Iterator[str]:
    """Lines without their break; an endless one comes in pieces."""
    while line := lines.readline(LONGEST_LINE):
        yield line.removesuffix("\n").removesuffix("\r")


def translate_documents(engine: Engine, documents: Sequence[Path], options: TextOptions) -> None:
    """Each document on its own: one that cannot be used does not stop the others."""
    failed = []
    folder = options.out is not None and (len(documents) > 1 or options.out.is_dir())
    if len({path.name for path in documents}) < len(documents) and folder:
        raise BadInputError("two documents have the same name: translate them into folders of their own")
    for path in documents:
        try:
            target = options.out / path.name if folder and options.out is not None else options.out
            if target is not None and target.resolve() == path.resolve():
                raise OutputError(f"{path} would overwrite itself: name another --out")
            translated = translate_file(engine, path, options)
            if target is None:
                sys.stdout.write(translated)
            else:
                write_text(target, translated)
        except TightropeError as error:
            failed.append(str(error))
    if failed:
        raise BadInputError(
            failed[0] if len(failed) == 1 else f"{len(failed)} of {len(documents)} documents: {'; '.join(failed)}"
        )


def translate_file(engine: Engine, path: Path, options: TextOptions) -> str:
    """The translated text of a document, or with --json what is said of it."""
    text = read_text(path)
    kind = kind_of(path)
    source = found_language(text) if options.source == AUTO else options.source
    target = OTHER.get(source, "de") if options.target == AUTO else options.target
    results: list[Result] = []

    def translate(blocks: Sequence[str]) -> list[Result]:
        found = engine.translate_all(blocks, options.source, target)
        results.extend(found)
        return [drafted(result) for result in found] if options.drafts else found

    translated = translate_document(text, kind, translate)
    if not options.as_json:
        return translated.text
    record = {"file": str(path), "text": translated.text, "source": source, "target": target, "sure": translated.sure}
    return json.dumps(record, ensure_ascii=False) + "\n"


def read_text(path: Path) -> str:
    """A UTF-8 document, its line breaks as they are. Raises BadInputError if it is none, or too large."""
    try:
        if path.stat().st_size > LARGEST:
            raise BadInputError(f"{path} is larger than {LARGEST // 2**20} MB: cut it")
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInputError(f"{path} is not UTF-8 (byte {error.start}): convert it, as with iconv") from error
    except OSError as error:
        raise BadInputError(f"cannot read {path}: {error.strerror}") from error


def drafted(result: Result) -> Result:
    """The same with what the network wrote everywhere."""
    segments = tuple(replace(segment, gloss=segment.text) for segment in result.segments)
    return replace(result, text=result.draft, segments=segments)


def shown(engine: Engine, text: str, options: TextOptions) -> str:
    """The translation of one text as it is printed."""
    result = engine.translate(text, options.source, options.target)
    if options.drafts:
        result = drafted(result)
    if not options.as_json:
        return result.text
    segments = [
        {"text": one.text, "confidence": round(one.confidence, 3), "sure": one.sure, "words": one.words}
        for one in result.segments
    ]
    record = {"text": text, "translation": result.text, "source": result.source, "target": result.target}
    return json.dumps({**record, "sure": result.sure, "segments": segments}, ensure_ascii=False)


def say(line: str, options: TextOptions) -> None:
    """To --out, or to standard output."""
    if options.out is None:
        print(line, flush=True)
    else:
        write_text(options.out, line + "\n")
