"""`tightrope translate text` as a person uses it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tightrope.cli.main import guarded
from tightrope.errors import BadInputError
from tightrope_translate import text_command as module
from tightrope_translate.commands import app
from tightrope_translate.engine import Engine
from tightrope_translate.text_command import TextOptions, is_document, translate_lines
from tightrope_translate.vocabulary import Vocabulary

from .standins import UNSURE, Scripted, StandInEngine, shipped_engine

ANSWERS = {
    "Where is the station?": "Wo ist der Bahnhof?",
    "I am tired.": "Ich bin müde.",
    "Ich bin müde.": "I am tired.",
    "The dog barks loudly.": ("Die Katze.", UNSURE),
}


@pytest.fixture
def engine(vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = StandInEngine(Scripted(vocabulary, ANSWERS), vocabulary)
    monkeypatch.setattr(module.Engine, "open", lambda models, threads: made)
    return made


def run(*arguments: str, stdin: str | bytes | None = None) -> tuple[int, str]:
    """Exit code and standard output."""
    codes: list[int] = []
    found = []

    def call() -> None:
        found.append(CliRunner().invoke(app, ["text", *arguments], input=stdin, standalone_mode=False))
        if found[0].exception is not None:
            raise found[0].exception

    codes.append(guarded(call))
    return codes[0], found[0].stdout


@pytest.mark.usefixtures("engine")
class TestArguments:
    def test_words_need_no_quotes(self) -> None:
        assert run("Where", "is", "the", "station?") == (0, "Wo ist der Bahnhof?\n")

    def test_either_spelling_of_the_languages(self) -> None:
        for options in (
            ("--from", "de", "--to", "en"),
            ("--from-lang", "de", "--to-lang", "en"),
            ("-f", "de", "-t", "en"),
        ):
            assert run(*options, "Ich bin müde.") == (0, "I am tired.\n")

    def test_json(self) -> None:
        code, out = run("--json", "I am tired. The dog barks loudly.")
        found = json.loads(out)
        assert code == 0
        assert (found["source"], found["target"], found["sure"]) == ("en", "de", False)
        assert [segment["sure"] for segment in found["segments"]] == [True, False]
        assert ["dog", "Hund"] in found["segments"][1]["words"]

    def test_not_sure_shows_words_or_on_demand_the_draft(self) -> None:
        assert run("The dog barks loudly.")[1].startswith("[nicht sicher: die · Hund")
        assert run("--drafts", "The dog barks loudly.") == (0, "Die Katze.\n")

    def test_a_language_that_there_is_not(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("--to", "fr", "x")[0] == 2
        assert capsys.readouterr().err == "tightrope: no language 'fr' (known: de, en)\n"


@pytest.mark.usefixtures("engine")
class TestStandardInput:
    def test_each_line_has_its_answer(self) -> None:
        stdin = "I am tired.\n\nIch bin müde.\r\n12:30\nWhere is the station?"
        assert run(stdin=stdin) == (0, "Ich bin müde.\n\nI am tired.\n12:30\nWo ist der Bahnhof?\n")

    def test_bytes_that_are_no_utf8(self) -> None:
        code, out = run(stdin=b"\xff\xfe 12:30\n")
        assert (code, out.count("\n")) == (0, 1)

    def test_into_a_file(self, tmp_path: Path) -> None:
        assert run("--out", str(tmp_path / "a.log"), stdin="I am tired.\n") == (0, "")
        assert (tmp_path / "a.log").read_text(encoding="utf-8") == "Ich bin müde.\n"


def test_a_line_is_answered_before_the_next_is_written(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    answered, wrote = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as lines, os.fdopen(wrote, "w", encoding="utf-8") as out:
        monkeypatch.setattr(sys, "stdout", out)
        worker = threading.Thread(target=translate_lines, args=(engine, lines, TextOptions(())), daemon=True)
        worker.start()
        for line, answer in (("I am tired.", "Ich bin müde."), ("Where is the station?", "Wo ist der Bahnhof?")):
            os.write(writing, f"{line}\n".encode())
            assert os.read(answered, 1000).decode() == f"{answer}\n"
        os.close(writing)
        worker.join(20)
        assert not worker.is_alive()
    os.close(answered)


def test_an_endless_line_comes_in_pieces(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    translate_lines(engine, io.StringIO("7" * 250_000), TextOptions(()))
    assert [len(line) for line in capsys.readouterr().out.splitlines()] == [100_000, 100_000, 50_000]


@pytest.mark.usefixtures("engine")
class TestDocuments:
    def test_one_to_standard_output(self, tmp_path: Path) -> None:
        (tmp_path / "a.md").write_text("# I am tired.\n\n> Where is the station?\n", encoding="utf-8")
        assert run(str(tmp_path / "a.md")) == (0, "# Ich bin müde.\n\n> Wo ist der Bahnhof?\n")

    def test_one_bad_file_stops_no_other(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "a.html").write_text("<p>I am tired.</p>", encoding="utf-8")
        (tmp_path / "b.txt").write_bytes(b"caf\xe9")
        code, _ = run(*(str(tmp_path / name) for name in ("b.txt", "none.srt", "a.html")), "-o", str(tmp_path / "out"))
        error = capsys.readouterr().err
        assert code == 2
        assert error.startswith("tightrope: 2 of 3 documents: ")
        assert "b.txt is not UTF-8 (byte 3)" in error
        assert "none.srt: No such file" in error
        assert (tmp_path / "out" / "a.html").read_text(encoding="utf-8") == "<p>Ich bin müde.</p>"

    def test_no_document_overwrites_itself(self, tmp_path: Path) -> None:
        path = tmp_path / "a.txt"
        path.write_text("I am tired.", encoding="utf-8")
        assert run(str(path), "-o", str(path))[0] == 2
        assert path.read_text(encoding="utf-8") == "I am tired."

    def test_documents_and_words_do_not_mix(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("I am tired.", encoding="utf-8")
        assert run(str(tmp_path / "a.txt"), "Hello there")[0] == 2

    def test_json(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("Ich bin müde.", encoding="utf-8")
        found = json.loads(run("--json", str(tmp_path / "a.txt"))[1])
        assert (found["text"], found["source"], found["target"], found["sure"]) == ("I am tired.", "de", "en", True)

    def test_line_breaks_stay(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_bytes(b"I am tired.\r\n\r\nI am tired.\r\n")
        run(str(tmp_path / "a.txt"), "-o", str(tmp_path / "b.txt"))
        assert (tmp_path / "b.txt").read_bytes() == "Ich bin müde.\r\n\r\nIch bin müde.\r\n".encode()


def test_what_names_a_document() -> None:
    assert is_document("menu.html")
    assert is_document("no/such.TXT")
    assert not is_document("Where is it?")
    assert not is_document("I read the README.md")
    assert not is_document("words " * 60 + "in README.md")  # too long a name for a file


def test_languages_are_listed() -> None:
    found = CliRunner().invoke(app, ["languages", "--json"])
    assert [entry["code"] for entry in json.loads(found.stdout)] == ["en", "de"]


@pytest.mark.parametrize("option", ["--to", "--from"])
def test_live_tells_at_once_that_it_does_not_know_a_language(option: str) -> None:
    done = CliRunner().invoke(app, ["live", option, "fr"], input="Where is it?\n")
    assert isinstance(done.exception, BadInputError)
    assert "'fr'" in str(done.exception)
    assert done.stdout == ""


def test_the_installed_command(tmp_path: Path) -> None:
    shipped_engine()
    command = [str(Path(sys.executable).with_name("tightrope")), "translate", "text", "Where is the station?"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Bahnhof" in done.stdout
