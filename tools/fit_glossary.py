"""Make the app's glossaries from all that the networks were taught.

    python tools/fit_glossary.py --data DIR --out apps/tightrope_translate/tables

Everyday words are aligned in both directions (IBM model 1); a pair is kept where both think it likely. Words without
such a one that the network has often read, in all its training texts, are listed with no meaning: they are no names.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from pathlib import Path

from tightrope.writing import write_text
from tightrope_translate.alignment import model_one
from tightrope_translate.corpus import EVERYDAY, SOFTWARE, read_pairs, read_phrase_book
from tightrope_translate.glossary import WORD, expanded
from tightrope_translate.taught import dictionary

SEEN = 3  # times at least
READ = 5  # times, for a word without a meaning
LIKELY = 0.15  # the translation, given the word
LIKELY_BACK = 0.08  # the word, given the translation


def words(texts: list[str]) -> list[list[str]]:
    """The words of each text."""
    return [WORD.findall(expanded(text)) for text in texts]


def spellings(texts: list[list[str]]) -> dict[str, str]:
    """The usual capitals of each word, told from where it does not begin the sentence."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        for place, word in enumerate(text):
            seen[word.lower()][word if place else word.lower()] += 1 if place else 0.01
    return {word: forms.most_common(1)[0][0] for word, forms in seen.items()}


def fit(sources: list[list[str]], targets: list[list[str]]) -> dict[str, str]:
    """Meanings of the source words, in small letters."""
    numbers: dict[str, int] = {}
    both = [
        [[numbers.setdefault(w.lower(), len(numbers)) for w in text] for text in side] for side in (sources, targets)
    ]
    pairs = [(s, t) for s, t in zip(*both, strict=True) if s and t]
    ours, theirs = [s for s, _ in pairs], [t for _, t in pairs]
    size = len(numbers)
    names = list(numbers)
    back = dict(zip(*(part.tolist() for part in model_one(theirs, ours, size)), strict=True))
    best: dict[int, tuple[float, int]] = {}
    for key, probability in zip(*(part.tolist() for part in model_one(ours, theirs, size)), strict=True):
        source, target = divmod(key, size)
        returned = back.get(target * size + source, 0.0)
        if probability >= LIKELY and returned >= LIKELY_BACK:
            best[source] = max(best.get(source, (0.0, 0)), (probability * returned**0.5, target))
    counts = Counter(word for text in ours for word in text)
    meant = spellings(targets)
    return {names[w]: meant[names[best[w][1]]] for w, count in counts.items() if count >= SEEN and w in best}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training texts")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    everyday, software = (read_pairs(arguments.data / name) for name in (EVERYDAY, SOFTWARE))
    everyday += read_phrase_book()
    for _ in range(SEEN):  # a noun is there once, and is sure
        everyday += dictionary()
    sides = {"en": words(everyday.english), "de": words(everyday.german)}
    more = {"en": words(software.english), "de": words(software.german)}
    for source, target in (("en", "de"), ("de", "en")):
        read = sides[source] + more[source]
        counts = Counter(word.lower() for text in read for word in text)
        # Interfaces write many words large; where everyday sentences have the word, they decide.
        written = spellings(more[source]) | spellings(sides[source])
        found = {word: "" for word, count in counts.items() if count >= READ and len(word) > 1}
        meanings = {written[word]: meaning for word, meaning in (found | fit(sides[source], sides[target])).items()}
        text = "".join(f"{word}\t{meaning}\n" for word, meaning in sorted(meanings.items()))
        path = arguments.out / f"words.{source}-{target}.tsv"
        write_text(path, text)
        print(f"{path}: {len(meanings)} words, {sum(map(bool, meanings.values()))} with a meaning")


if __name__ == "__main__":
    main()
