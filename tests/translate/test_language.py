"""English and German are told apart on a few words, and from other languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope_translate.corpus import read_pairs
from tightrope_translate.language import WORD, detect

OTHERS = """
Je voudrais une chambre pour deux nuits.|Combien ça coûte, s'il vous plaît ?|¿Dónde está la estación de tren?
No tengo dinero conmigo.|Vorrei una camera per due notti.|Mi fa male la testa.|Ik heb geen geld bij me.
Hoeveel kost dit brood?|Jag har inga pengar.|Gdzie jest dworzec kolejowy?|Nie mam pieniędzy.|Kde je nádraží?
Não tenho dinheiro.|Muito obrigado pela ajuda.|Teşekkür ederim.|Missä on asema?|Где вокзал?|駅はどこですか
""".strip().replace("\n", "|")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is it?", "en"),
        ("Wo ist es?", "de"),
        ("NO SMOKING", "en"),
        ("NOTAUSGANG", "de"),
        ("fuer zwei Personen", "de"),
        ("whats up", "en"),
        ("Das ist ein Software-Update.", "de"),
        ("I love Berlin", "en"),
    ],
)
def test_short_phrases(text: str, language: str) -> None:
    assert detect(text)[0][0] == language


def test_other_languages_are_neither() -> None:
    mistaken = [text for text in OTHERS.split("|") if detect(text)[0][1] >= 0.5]
    assert len(mistaken) <= 1, mistaken  # Dutch lies between the two


def test_two_to_eight_words_of_held_out_sentences(shared_data: Path) -> None:
    pairs = read_pairs(shared_data / "mt-en-de" / "tatoeba.test.tsv")
    for language, texts in (("en", pairs.english), ("de", pairs.german)):
        short = [text for text in texts if 2 <= len(text.split()) <= 8]
        assert sum(detect(text)[0][0] == language for text in short) >= 0.998 * len(short)


@given(st.text())
def test_any_text_has_probabilities(text: str) -> None:
    found = detect(text)
    assert sorted(language for language, _ in found) == ["de", "en"]
    assert found[0][1] >= found[1][1] >= 0
    assert sum(probability for _, probability in found) <= 1 + 1e-9
    if not WORD.search(text):
        assert found[0][1] == 0
