"""Errors as RFC 9457 problems: the right status, no internals, and when to come back."""

import json

import azure.functions as func
import pytest
from pydantic import BaseModel

from shared.errors import (
    BadRequest,
    GraphRefused,
    GraphUnavailable,
    KeysUnavailable,
    MtdError,
    NotAuthentic,
    NotThere,
    StoreRefused,
    StoreUnavailable,
    TooMany,
    UnknownPartner,
    Unreadable,
    UnreadableReport,
    WrongContentType,
)
from shared.headers import Headers
from shared.reply import answered, problem, reply, reply_unless_known


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UnreadableReport(Unreadable.TOO_LARGE, "too many bytes"), 413),
        (UnreadableReport(Unreadable.MALFORMED, "not JSON"), 400),
        (UnreadableReport(Unreadable.NOT_THIS_FORMAT, "another format"), 422),
        (NotAuthentic("the signature is wrong"), 401),
        (UnknownPartner("no partner of that name"), 404),
        (NotThere("no device"), 404),
        (BadRequest("top"), 400),
        (WrongContentType("expected JSON"), 415),
        (TooMany("too many messages of this partner at once", retry_after=1.0), 429),
        (StoreUnavailable("Cosmos DB answered 429"), 503),
        (KeysUnavailable("the keys cannot be read"), 503),
        (StoreRefused("Cosmos DB refuses"), 500),
        (GraphUnavailable("Graph answered 429"), 503),
        (GraphRefused("Graph answered 403 Forbidden"), 502),
    ],
)
def test_every_error_is_a_problem_of_its_status(error: MtdError, status: int) -> None:
    answer = problem(error)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    body = json.loads(answer.get_body())
    assert (body["type"], body["status"]) == ("about:blank", status)


@pytest.mark.parametrize(
    "error", [NotAuthentic("secret detail"), StoreRefused("secret detail"), StoreUnavailable("secret detail")]
)
def test_internals_and_reasons_of_refusal_stay_out_of_the_answer(error: MtdError) -> None:
    assert b"secret detail" not in problem(error).get_body()


@pytest.mark.parametrize(("asked", "said"), [(0.1, "1"), (5.0, "5"), (7.2, "8")])
def test_what_is_unavailable_says_when_to_come_back_in_whole_seconds(asked: float, said: str) -> None:
    for away in (StoreUnavailable("away", retry_after=asked), KeysUnavailable("away", retry_after=asked)):
        assert problem(away).headers["Retry-After"] == said


async def test_work_that_raises_is_answered_as_its_problem() -> None:
    async def work() -> func.HttpResponse:
        raise NotThere("no device 'x'")

    answer = await answered(work)
    assert (answer.status_code, json.loads(answer.get_body())["detail"]) == (404, "no device 'x'")


def test_a_reply_is_json_no_cache_may_keep() -> None:
    class Content(BaseModel):
        word: str

    answer = reply(Content(word="ok"), status=202)
    assert (answer.status_code, json.loads(answer.get_body())) == (202, {"word": "ok"})
    assert answer.headers["Cache-Control"] == "no-store"


class _Content(BaseModel):
    word: str


@pytest.mark.parametrize("asked", ["{}", "W/{}", '"other", {}', "*"])
def test_content_that_is_known_is_not_sent_again(asked: str) -> None:
    first = reply_unless_known(_Content(word="ok"), Headers({}))
    assert (first.status_code, first.get_body()) == (200, b'{"word":"ok"}')
    again = reply_unless_known(
        _Content(word="ok"), Headers({"if-none-match": asked.format(first.headers["ETag"])})
    )
    assert (again.status_code, again.get_body()) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize("asked", ["", '"other"', "nonsense"])
def test_content_that_is_not_known_is_sent(asked: str) -> None:
    assert reply_unless_known(_Content(word="ok"), Headers({"If-None-Match": asked})).status_code == 200
    old = reply_unless_known(_Content(word="old"), Headers({})).headers["ETag"]
    assert reply_unless_known(_Content(word="ok"), Headers({"If-None-Match": old})).status_code == 200


def test_who_sends_too_much_is_answered_when_to_come_back_and_why() -> None:
    answer = problem(TooMany("too many messages of this partner at once", retry_after=0.2))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert json.loads(answer.get_body())["detail"] == "too many messages of this partner at once"
