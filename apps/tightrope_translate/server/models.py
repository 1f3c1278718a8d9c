"""What comes in and goes out, in LibreTranslate's shape (docs.libretranslate.com/api)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

CONFIDENCE = "From 0 to 100."


class Asked(BaseModel):
    """A request. Members that are not known are passed over, an api_key too."""

    model_config = ConfigDict(extra="ignore")


class TranslateAsked(Asked):
    """What to translate."""

    q: str | Annotated[list[str], Field(min_length=1)] = Field(description="One text, or several.")
    source: str = Field(
        "auto", description="Language of the text, or auto.", json_schema_extra={"enum": ["auto", "en", "de"]}
    )
    target: str = Field(description="Language to write.", json_schema_extra={"enum": ["en", "de"]})
    format: Literal["text", "html"] = Field("text", description="With html, the mark-up is kept.")
    alternatives: int = Field(
        0, ge=0, le=100, description="So many other translations, 8 at most, of a text of one sentence."
    )


class DetectAsked(Asked):
    """Whose language to tell."""

    q: str = Field(description="A text.")


class Detected(BaseModel):
    """A language, and how likely it is."""

    confidence: float = Field(description=CONFIDENCE)
    language: str


class Answer(BaseModel):
    """A translation; with several texts, lists in their order."""

    translatedText: str | list[str]  # noqa: N815 - the protocol's name
    detectedLanguage: Detected | list[Detected] | None = Field(None, description="Where source was auto.")  # noqa: N815
    alternatives: list[str] | list[list[str]] | None = Field(None, description="Where they were asked for.")


class Language(BaseModel):
    """A language that is read, and those that it is translated into."""

    code: str
    name: str
    targets: list[str]


class Choice(BaseModel):
    """A language by code and name."""

    code: str
    name: str


class Choices(BaseModel):
    """The languages that a form begins with."""

    source: Choice
    target: Choice


class Settings(BaseModel):
    """What a form for translation has to know."""

    apiKeys: bool = False  # noqa: N815
    charLimit: int  # noqa: N815
    frontendTimeout: int = 500  # noqa: N815 - milliseconds without a key before a text is sent
    keyRequired: bool = False  # noqa: N815
    language: Choices
    suggestions: bool = False
    supportedFilesFormat: list[str] = []  # noqa: N815


class Health(BaseModel):
    """That the server answers."""

    status: Literal["ok"] = "ok"


class Problem(BaseModel):
    """What was wrong, and what to do."""

    error: str
