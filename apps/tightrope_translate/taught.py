"""All that the networks are taught, once each: the training texts, the phrase book, and the nouns by themselves.

corpus = taught(folder)    # for what is fitted to the words that a network knows: shortlist, known words
"""

from __future__ import annotations

from pathlib import Path

from tightrope_translate.corpus import Corpus, read_phrase_book, read_training
from tightrope_translate.nouns import nouns


def taught(folder: Path) -> Corpus:
    """The texts of `folder` and those of the package. Raises BadInputError as `corpus.read_pairs` does."""
    return read_training(folder) + read_phrase_book() + dictionary()


def dictionary() -> Corpus:
    """The nouns, singular and plural."""
    english = [text for noun in nouns() for text in (noun.english, noun.english_plural)]
    german = [text for noun in nouns() for text in (noun.german.split(" ", 1)[1], noun.german_plural)]
    return Corpus(english, german, [1] * len(english))
