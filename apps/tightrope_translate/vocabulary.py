"""The subword vocabulary, one for both languages: text to numbers and back.

    python -m tightrope_translate.vocabulary --data DIR --out vocabulary.model

    vocabulary = Vocabulary(Path("vocabulary.model"))
    vocabulary.encode(["Bis 7:45 Uhr."])  # [[..., 2]]: ends with END
    vocabulary.decode([[...]])            # ["Bis 7:45 Uhr."]

A unigram model (Kudo 2018, 'Subword Regularization') trained by SentencePiece. Digits stand alone, so that a number is
copied digit by digit; a character that the vocabulary lacks is spelled in bytes; a `SLOT` stands for a span that is not
translated (an address, a tag, a placeholder) and is put back afterwards.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import sentencepiece

from tightrope.errors import ArtifactError
from tightrope.writing import write_bytes
from tightrope_translate.corpus import Corpus, read_training

SIZE = 8192
PAD, UNKNOWN, END = 0, 1, 2
TAGS = {"en": "<2en>", "de": "<2de>"}  # what the network is told to write, as its first source and target token
SLOTS = tuple(f"⟦{number}⟧" for number in range(1, 9))
TEXT_SLOTS, NUMBER_SLOTS = SLOTS[:4], SLOTS[4:]  # names, addresses, tags; and amounts, times, years: '3.50', '7:45'

REQUIRED = "0123456789€$£%@&#+-–/:;.,!?'’\"„“”()°=*_<>{}[]|ÄÖÜäöüßéèêáàâçñ"  # one token each, however rare


class Vocabulary:
    """A SentencePiece model. Raises ArtifactError when `model` is missing or is none."""

    def __init__(self, model: Path) -> None:
        try:
            self.pieces = sentencepiece.SentencePieceProcessor(model_file=str(model))
        except (OSError, RuntimeError) as error:
            raise ArtifactError(f"{model} is no vocabulary: {error}") from error
        self.tags = {language: int(self.pieces.piece_to_id(tag)) for language, tag in TAGS.items()}

    def __len__(self) -> int:
        return int(self.pieces.get_piece_size())

    @cached_property
    def inside(self) -> list[int]:
        """The tokens that go on with a word, but for the endings that any noun may have."""
        pieces = map(self.pieces.id_to_piece, range(len(self)))
        return [token for token, piece in enumerate(pieces) if piece.isalpha() and piece not in ("s", "n")]

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Numbers of each text, END included, tag not."""
        return [[*numbers, END] for numbers in self.pieces.encode(list(texts))]

    def decode(self, sequences: Sequence[Iterable[int]]) -> list[str]:
        """The text of each sequence; PAD, END and tags are skipped."""
        silent = {PAD, END, *self.tags.values()}
        kept = [[int(number) for number in sequence if int(number) not in silent] for sequence in sequences]
        return [str(text) for text in self.pieces.decode(kept)]


def fit(corpus: Corpus, size: int = SIZE) -> bytes:
    """Train the vocabulary on both sides of `corpus`, rare pairs by their share of an epoch; always the same bytes."""
    shown = [index for index, turns in enumerate(corpus.turns) if index % turns == 0]
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(text[i] for text in (corpus.english, corpus.german) for i in shown),
        model_writer=model,
        vocab_size=size,
        model_type="unigram",
        character_coverage=0.9998,
        required_chars=REQUIRED,
        byte_fallback=True,
        split_digits=True,
        pad_id=PAD,
        unk_id=UNKNOWN,
        eos_id=END,
        bos_id=-1,
        control_symbols=list(TAGS.values()),
        user_defined_symbols=list(SLOTS),
        num_threads=1,
        minloglevel=1,
    )
    return model.getvalue()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tightrope_translate.vocabulary", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    write_bytes(arguments.out, fit(read_training(arguments.data)))


if __name__ == "__main__":
    main()
