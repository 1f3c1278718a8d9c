"""Many clients at once: every one gets its own answer, or is told when to come back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tightrope_translate.server.batching import BATCH, Batcher, Shared
from tightrope_translate.server.limits import Admission, Limits, Rate, TooBusy
from tightrope_translate.translator import Translation

from .conftest import Service, Shouts, serving

CLIENTS = 64


def until(condition: Callable[[], bool]) -> None:
    """Wait for what must come."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_64_clients_lose_nothing_and_get_their_own_answers() -> None:
    with serving() as service:

        def client(number: int) -> None:
            with httpx.Client(base_url=service.url, timeout=60, trust_env=False) as connection:
                for turn in range(4):
                    q = [f"Client {number} asks.", f"It is turn {turn}x."] if turn % 2 else f"Number {number}-{turn}a."
                    asked = {"q": q, "source": "en", "target": "de"}
                    response = connection.post("/translate", json=asked)
                    assert response.status_code == 200
                    wanted = [each.upper() for each in q] if isinstance(q, list) else q.upper()
                    assert response.json() == {"translatedText": wanted}

        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(client, range(CLIENTS)))
        shouts = service.engine.shouts
        assert sum(map(len, shouts.batches)) == CLIENTS * 4 * 1.5
        assert max(map(len, shouts.batches)) <= BATCH


def test_what_waits_is_translated_together() -> None:
    shouts = Shouts()
    shouts.gate.clear()
    with Batcher(batch=4) as batcher, ThreadPoolExecutor(8) as pool:
        shared = Shared(shouts, batcher)
        first = pool.submit(shared.translate, ["first"])
        assert shouts.entered.wait(20)
        others = [pool.submit(shared.translate, [f"other {number}"]) for number in range(6)]
        until(lambda: len(batcher._jobs) == 6)
        shouts.gate.set()
        assert [each.text for each in first.result(20)] == ["FIRST"]
        assert [each.result(20)[0].text for each in others] == [f"OTHER {number}" for number in range(6)]
    assert [len(batch) for batch in shouts.batches] == [1, 4, 2]


def test_a_sentence_does_not_wait_for_the_end_of_a_document() -> None:
    shouts = Shouts()
    shouts.gate.clear()
    document = [f"{number:03} of a book" for number in range(100)]
    with Batcher(batch=4) as batcher, ThreadPoolExecutor(2) as pool:
        shared = Shared(shouts, batcher)
        long = pool.submit(shared.translate, document)
        assert shouts.entered.wait(20)
        short = pool.submit(shared.translate, ["short"])
        until(lambda: len(batcher._jobs) == 2)
        shouts.gate.set()
        assert [each.text for each in long.result(20)] == [sentence.upper() for sentence in document]
        assert short.result(20)[0].text == "SHORT"
    assert any("short" in batch for batch in shouts.batches[:3])


def test_a_fault_is_told_to_those_it_concerns_and_to_nobody_else() -> None:
    shouts = Shouts()
    with Batcher(batch=2) as batcher:
        shared = Shared(shouts, batcher)
        with pytest.raises(ValueError, match="cannot translate"):
            shared.translate(["fail", "a longer one", "and one more"])
        assert shared.translate(["good", "better"])[1].text == "BETTER"
        assert not batcher._jobs
    with pytest.raises(RuntimeError, match="ended"):
        shared.translate(["late"])


def test_directions_are_not_mixed() -> None:
    one, other = Shouts(), Shouts()
    with Batcher() as batcher, ThreadPoolExecutor(20) as pool:
        jobs = [pool.submit(Shared(each, batcher).translate, [f"{name} {n}"])
                for n in range(10) for name, each in (("one", one), ("other", other))]  # fmt: skip
        found: list[Translation] = [job.result(20)[0] for job in jobs]
    assert len({each.text for each in found}) == 20
    assert all(sentence.startswith("one") for batch in one.batches for sentence in batch)
    assert all(sentence.startswith("other") for batch in other.batches for sentence in batch)


def persistent(service: Service, text: str) -> httpx.Response:
    """Asks until it is let in."""
    while (answer := service.translate(q=text)).status_code == 503:
        pass
    return answer


def test_too_much_that_waits_is_sent_away() -> None:
    limits = Limits(requests=2)
    with serving(limits) as service, ThreadPoolExecutor(2) as pool:
        service.engine.shouts.gate.clear()
        # One that meets a /detect of ours in its place is sent away, and asks again.
        waiting = [pool.submit(persistent, service, f"Number {number}.") for number in range(2)]
        until(lambda: len(service.engine.shouts.batches) == 0 and all(job.running() for job in waiting))
        until(lambda: service.client.post("/detect", data={"q": "a"}).status_code == 503)
        refused = service.translate(q="Three.")
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["error"].startswith("2 requests are waiting; try again in ")
        assert service.client.get("/health").json() == {"status": "ok"}, "whoever watches still sees it"
        service.engine.shouts.gate.set()
        assert [job.result(20).json() for job in waiting] == [{"translatedText": f"NUMBER {n}."} for n in range(2)]
        assert service.translate(q="Three.").status_code == 200


def test_characters_that_wait_are_bounded() -> None:
    admission = Admission(Limits(waiting_characters=100))
    with admission.enter(500), pytest.raises(TooBusy), admission.enter(1):
        pass
    with admission.enter(60):
        with admission.enter(40):
            pass
        with pytest.raises(TooBusy, match="1 requests are waiting"), admission.enter(41):
            pass


def test_retry_after_is_what_the_waiting_will_take() -> None:
    now = [0.0]
    admission = Admission(Limits(requests=1), lambda: now[0])
    with admission.enter(1000):
        now[0] += 2.0  # 500 characters a second
    with admission.enter(5000), pytest.raises(TooBusy) as caught, admission.enter(1):
        pass
    assert (caught.value.retry_s, caught.value.status) == (10, 503)


def test_a_rate_is_for_each_client_and_refills() -> None:
    now = [0.0]
    rate = Rate(2, lambda: now[0])
    for client in ("a", "b"):
        rate.take(client)
        rate.take(client)
    with pytest.raises(TooBusy) as caught:
        rate.take("a")
    assert (caught.value.retry_s, caught.value.status) == (30, 429)
    now[0] += 29
    with pytest.raises(TooBusy):
        rate.take("a")
    now[0] += 1
    rate.take("a")
    Rate(0).take("a")


def test_a_client_that_asks_too_often_is_told_when() -> None:
    with serving(Limits(per_minute=2)) as service:
        assert [service.translate(q="Now.").status_code for _ in range(3)] == [200, 200, 429]
        refused = service.translate(q="Now.")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert service.client.get("/languages").status_code == 200


def test_requests_in_hand_are_answered_before_the_end() -> None:
    with serving() as service, ThreadPoolExecutor(1) as pool:
        service.engine.shouts.gate.clear()
        answer = pool.submit(service.translate, q="Last words.")
        assert service.engine.shouts.entered.wait(20)
        service.stop.set()
        threading.Timer(0.5, service.engine.shouts.gate.set).start()
        assert answer.result(20).json() == {"translatedText": "LAST WORDS."}
        service.thread.join(20)
        with pytest.raises(httpx.ConnectError):
            service.client.get("/health")
