"""What is answered to a request, apart from how it came: plain functions that any thread may call.

translated(engine, TranslateAsked(q="Where is it?", target="de"))   # Answer(translatedText="Wo ist es?", ...)
"""

from __future__ import annotations

import re

from tightrope.errors import BadInputError
from tightrope_translate.documents import translate_document
from tightrope_translate.engine import AUTO, LIKELY, Engine
from tightrope_translate.server.limits import Limits
from tightrope_translate.server.models import Answer, Detected, TranslateAsked

TAG = re.compile(r"<[^<>]*>")


def checked(asked: TranslateAsked, engine: Engine, limits: Limits) -> int:
    """How many characters a request has. Raises BadInputError where it asks for what there is not."""
    supported(asked.source, asked.target, engine)
    texts = [asked.q] if isinstance(asked.q, str) else asked.q
    if len(texts) > limits.texts:
        raise BadInputError(f"Invalid request: {len(texts)} texts, {limits.texts} are the most; send them in parts")
    return within(sum(map(len, texts)), limits)


def supported(source: str, target: str, engine: Engine) -> None:
    """Raises BadInputError where a language is not known; `source` may be 'auto'."""
    for language in [target] if source == AUTO else [source, target]:
        if language not in engine.languages:
            raise BadInputError(f"{language[:20]} is not supported; there are {', '.join(engine.languages)}")


def within(characters: int, limits: Limits) -> int:
    """`characters`. Raises BadInputError when they are too many."""
    if characters > limits.characters:
        raise BadInputError(
            f"Invalid request: {characters} characters, {limits.characters} are the most; send the text in parts"
        )
    return characters


def translated(engine: Engine, asked: TranslateAsked) -> Answer:
    """The translation of one text or several."""
    texts = [asked.q] if isinstance(asked.q, str) else asked.q
    if asked.format == "html":
        found = [translated_html(engine, text, asked) for text in texts]
    else:
        found = [result.text for result in engine.translate_all(texts, asked.source, asked.target)]
    languages = [detected(engine, plain(text, asked))[0] for text in texts] if asked.source == AUTO else None
    others = [alternatives(engine, text, asked) for text in texts] if asked.alternatives else None
    if isinstance(asked.q, str):
        return Answer(
            translatedText=found[0],
            detectedLanguage=languages[0] if languages else None,
            alternatives=others[0] if others else None,
        )
    return Answer(translatedText=found, detectedLanguage=languages, alternatives=others)


def alternatives(engine: Engine, text: str, asked: TranslateAsked) -> list[str]:
    """Other translations of a text of one sentence; of longer ones and of HTML there are none."""
    if asked.format == "html":
        return []
    return engine.alternatives(text, asked.source, asked.target, asked.alternatives)


def translated_html(engine: Engine, text: str, asked: TranslateAsked) -> str:
    """One document or fragment; its language is told from all its text, for a single line may be too short for it."""
    source = asked.source
    if source == AUTO:
        language, share = engine.detect(plain(text, asked))[0]
        source = language if share >= LIKELY else AUTO
    return translate_document(text, "html", lambda blocks: engine.translate_all(blocks, source, asked.target)).text


def plain(text: str, asked: TranslateAsked) -> str:
    """A text without its tags, if it has any."""
    return TAG.sub(" ", text) if asked.format == "html" else text


def detected(engine: Engine, text: str) -> list[Detected]:
    """The languages of a text, the likeliest first."""
    return [likely(language, share) for language, share in engine.detect(text)]


def likely(language: str, share: float) -> Detected:
    """A language with its share (0 to 1) as a confidence."""
    return Detected(confidence=round(100 * share, 1), language=language)
