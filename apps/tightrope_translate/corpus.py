"""Pairs of sentences, English and German, as files of tab-separated lines hold them.

corpus = read_training(folder)               # everyday sentences and software texts, by licence
corpus = read_pairs(folder / "tatoeba.dev.tsv")
corpus = read_phrase_book()                  # tables/phrases.tsv: what travellers say, written for this purpose
corpus.english[0], corpus.german[0]
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from tightrope.errors import BadInputError

EVERYDAY, SOFTWARE = "tatoeba.train.tsv", "software-docs.train.tsv"
# What weights may be trained on and shipped under our own licence. Share-alike texts (CC BY-SA) are left out, and so
# are Multi30k's captions (research only).
LICENCES = frozenset({"MPL-2.0", "BSD-3-Clause", "CC-BY-4.0"})
# Two of three lines of the software texts are help pages of an office suite: far from a traveller's sentences, and
# three times as long. One line in so many is seen an epoch, other ones in the next.
SOFTWARE_TURNS = 3


@dataclass(frozen=True)
class Corpus:
    """Sentences that translate each other, by index."""

    english: list[str]
    german: list[str]
    turns: list[int]
    """How many epochs pass before a pair comes round again; 1: it is in every epoch."""

    def __len__(self) -> int:
        return len(self.english)

    def every(self, step: int) -> Corpus:
        """Every `step`-th pair."""
        return Corpus(self.english[::step], self.german[::step], self.turns[::step])

    def __add__(self, other: Corpus) -> Corpus:
        return Corpus(self.english + other.english, self.german + other.german, self.turns + other.turns)


def read_pairs(path: Path, turns: int = 1) -> Corpus:
    """The pairs of a file; where it has a licence column (the fourth), only those of LICENCES.

    Raises:
        BadInputError: the file cannot be read, or a line has no two columns.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"cannot read sentences from {path}: {error}") from error
    english, german = [], []
    for number, line in enumerate(lines, 1):
        columns = line.split("\t")
        if not line:
            continue
        if len(columns) < 2:
            raise BadInputError(f"{path}:{number} has no tab: give English <tab> German")
        if len(columns) < 4 or columns[3] in LICENCES:
            english.append(columns[0])
            german.append(columns[1])
    return Corpus(english, german, [turns] * len(english))


def read_phrase_book() -> Corpus:
    """The pairs of our own phrase book."""
    with as_file(files(__package__) / "tables" / "phrases.tsv") as path:
        return read_pairs(path)


def read_training(folder: Path) -> Corpus:
    """All pairs that a shipped network is trained on."""
    return read_pairs(folder / EVERYDAY) + read_pairs(folder / SOFTWARE, SOFTWARE_TURNS)
