"""No request makes the server fail: what its own schema allows, what it does not, and what breaks translators."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from ..hostile import LONG, MANY, Bounds, endless, lines
from ..standins import shipped_engine
from .conftest import Service, served

schemathesis = pytest.importorskip("schemathesis")


MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
ROUTES = ("POST /translate", "POST /detect", "GET /languages", "GET /health", "GET /frontend/settings")


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_requests_by_the_schema_and_against_it(service: Service, route: str, mode: Any) -> None:
    api = schemathesis.openapi.from_url(f"{service.url}/openapi.json")
    operations = {result.ok().label: result.ok() for result in api.get_all_operations()}
    assert set(operations) == set(ROUTES)
    if mode == schemathesis.GenerationMode.NEGATIVE and route.startswith("GET"):
        pytest.skip("takes nothing that could be wrong")

    @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(operations[route].as_strategy(generation_mode=mode))
    def asked(case: Any) -> None:
        case.call_and_validate()

    asked()


def test_hostile_lines_are_answered(service: Service) -> None:
    for line in lines(150):
        text = line.encode("utf-8", "replace").decode()
        for asked in ({"q": text}, {"q": text, "source": "auto"}, {"q": [text], "format": "html"}):
            response = service.translate(**asked)
            assert response.status_code == 200, text[:60]
            assert isinstance(response.json()["translatedText"], type(asked["q"]))
        assert service.client.post("/detect", data={"q": text}).status_code == 200


def test_endless_words_are_answered(service: Service) -> None:
    for text in endless():
        response = service.translate(q=text[:50_000])
        assert response.status_code == 200
        assert response.json()["translatedText"]


@pytest.mark.verify
def test_many_lines_through_the_server_and_the_shipped_models() -> None:
    from tightrope_translate.server.engine import BatchedEngine

    shipped_engine()  # skips where there is none
    with BatchedEngine.open() as engine, served(engine) as service:
        service.client.timeout = 600  # 25,000 words at once
        for source, target in (("en", "de"), ("de", "en")):  # both networks, and room for the longest text
            service.translate(q=("a " * LONG)[:LONG], source=source, target=target)
        bounds = Bounds(lambda text: service.translate(q=text).json()["translatedText"])
        for number, line in enumerate(lines(MANY)):
            text = line.encode("utf-8", "replace").decode()
            source = ("en", "auto", "de")[number % 3]
            response = service.translate(q=text, source=source, target="en" if source == "de" else "de")
            assert response.status_code == 200, text[:60]
            assert len(response.json()["translatedText"]) <= 8 * len(text) + 200
            bounds.count(text)
        bounds.check()
