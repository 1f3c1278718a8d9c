"""Make the app's lists of known words from all that the networks were taught.

    python tools/fit_words.py --data DIR --out apps/tightrope_translate/tables

A list is the sorted checksums of all words of one language; `spelling` looks words up in it.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np

from tightrope.writing import write_bytes
from tightrope_translate.spelling import WORD, checksum
from tightrope_translate.taught import taught


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training texts")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    corpus = taught(arguments.data)
    for language, texts in (("en", corpus.english), ("de", corpus.german)):
        known = {checksum(word) for text in texts for word in WORD.findall(text)}
        buffer = io.BytesIO()
        np.save(buffer, np.array(sorted(known), np.uint32))
        write_bytes(arguments.out / f"known.{language}.npy", buffer.getvalue())
        print(f"{language}: {len(known)} words")


if __name__ == "__main__":
    main()
