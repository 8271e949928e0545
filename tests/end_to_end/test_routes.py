"""Every route, called as nobody, with a key of the host, as a partner, with a read key, as a reader and as an
admin: who is let in is what the table says, and so is what is answered, and what docs/api.md says of it.

The functions are those the host indexes, called as it calls them.
"""

import json
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import azure.functions as func
import pytest

from evaluate_risk.evaluation import evaluate
from function_app import ROUTES, app
from local.partners import lookout
from local.partners.authentication import signed
from local.partners.message import encoded
from local.sample_tenant import Phone
from serve_console.approvals import listing
from serve_console.links_file import HEADER
from shared import services as composed
from shared.access import READER_ROLE
from shared.domain.level import Level
from shared.domain.mode import Mode
from shared.domain.model import DeadLetter
from shared.resolve import resolve
from shared.route import OF_THE_HOST, Access, Route
from tests.end_to_end.machine import ROOT, SECRET
from tests.evaluate_risk.stories import (
    AGENT_ID,
    OTHER_ENTRA_ID,
    OTHER_INTUNE_ID,
    feed,
    put_other_phone,
    put_phone,
)
from tests.infra import code
from tests.world import ENTRA_ID, Clock, World, a_threat, world

KEY = "0123456789abcdef" * 2
BY_NAME = {route.name: route for route in ROUTES}
LET_IN: Mapping[Access, frozenset[str]] = {
    Access.ANYBODY: frozenset({"nobody", "host key", "partner", "read key", "reader", "admin"}),
    Access.PARTNER: frozenset({"partner"}),
    Access.READER: frozenset({"read key", "reader", "admin"}),
    Access.ADMIN: frozenset({"admin"}),
}
WHO = {
    Access.ANYBODY: "anybody",
    Access.PARTNER: "that partner",
    Access.READER: "reader, read key",
    Access.ADMIN: "admin",
}
"""How docs/api.md says it."""
OPEN = {("GET", "health")}
"""The routes anybody may call: a probe has no key. Another one is a decision, to be written down here."""
READ_BY_POST = {("POST", "rules/dry-run")}
"""What a reader, and so a read key, may post: nothing is kept of it. Whatever is done is an admin's."""
PROBLEMS = {
    400: "Bad request",
    404: "Not found",
    415: "Unsupported media type",
    422: "Not this partner's format",
}
"""What somebody who is let in may be answered for a request that names nothing that is there."""
NOTHING = {"partner": "lookout", "id": "nothing-there"}
LETTER = "a-letter"
PHONE = Phone.of("routes", "phone", "iOS")
REASON = {"reason": "asked for by the owner"}
SAID: Mapping[str, bytes] = {
    "ingest_threat": encoded(
        lookout.detection(Phone.of("routes", "phone", "iOS"), "torch", datetime.now(UTC))
    ),
    "override_device": json.dumps({"hours": 1, **REASON}).encode(),
    "link_agent": json.dumps({"device": OTHER_ENTRA_ID, **REASON}).encode(),
    "preview_posted_rules": b"",
    "import_links": f"{','.join(HEADER)}\nlookout,agent-1,{OTHER_ENTRA_ID},it is hers\n".encode(),
}
"""What somebody sends to a route; to the others that take a body, a reason."""
KIND = {"import_links": "text/csv", "preview_posted_rules": "application/toml"}
ASKED = {"redrive_dead_letter": {"partner": "lookout"}, "preview_partners": {"ios": "lookout"}}
FIRST = {"end_override": "override_device", "unlink_agent": "link_agent"}
"""What has to be done before it can be undone."""


@pytest.fixture(scope="module")
def functions() -> dict[str, Any]:
    app.functions_bindings = {}  # the library remembers names, and would call a second indexing a duplicate
    return {str(each.get_function_name()): each.get_user_function() for each in app.get_functions()}


@pytest.fixture
async def one(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with world(
        Clock(datetime.now(UTC)), read_keys={"test": KEY}, webhook_secrets={"lookout": SECRET}
    ) as made:
        monkeypatch.setattr(composed, "services", lambda: made.services)
        yield made


async def _callers(one: World) -> dict[str, dict[str, str]]:
    return {
        "nobody": {},
        "host key": {"x-functions-key": "local-only"},
        "partner": signed(SECRET, b""),
        "read key": {"X-Api-Key": KEY},
        "reader": {"Authorization": f"Bearer {await one.token(READER_ROLE)}"},
        "admin": await one.admin_headers(),
    }


async def _called(
    functions: dict[str, Any],
    route: Route,
    headers: dict[str, str],
    body: bytes = b"",
    named: Mapping[str, str] = NOTHING,
    query: Mapping[str, str] = MappingProxyType({}),
) -> func.HttpResponse:
    named = {name: named[name] for name in route.parameters}
    request = func.HttpRequest(
        route.method,
        f"https://example.com/api/{route.path.format(**named)}",
        headers=headers,
        route_params=named,
        params=dict(query),
        body=body,
    )
    answer: func.HttpResponse = await functions[route.name](request)
    return answer


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_who_is_let_in_is_what_the_table_says(
    route: Route, functions: dict[str, Any], one: World
) -> None:
    for who, headers in (await _callers(one)).items():
        answer = await _called(functions, route, headers)
        if who not in LET_IN[route.access]:
            problem = {"type": "about:blank", "title": "Unauthorized", "status": 401}
            assert (who, answer.status_code, json.loads(answer.get_body())) == (who, 401, problem)
            continue
        assert answer.status_code != 401, who
        body = json.loads(answer.get_body())
        if answer.status_code in PROBLEMS:
            assert body["title"] == PROBLEMS[answer.status_code]
        elif route.name == "health":
            assert (answer.status_code, body) == (503, {"status": "degraded"})
        else:
            assert answer.status_code == route.status
            assert set(body) == set(resolve(route.answer).model_fields)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_what_is_there_is_answered_as_the_table_says(
    route: Route, functions: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, mode = Clock(datetime.now(UTC)), Mode.REPORT if route.name == "release_tags" else Mode.ENFORCE
    limits = {"guard_devices": 1, "guard_percent": 0}
    async with world(clock, mode=mode, webhook_secrets={"lookout": SECRET}, **limits) as one:
        monkeypatch.setattr(composed, "services", lambda: one.services)
        there = await _furnished(one)
        if route.name in FIRST:
            await _said(functions, BY_NAME[FIRST[route.name]], one, there)
        answer = await _said(functions, route, one, there)
        body = json.loads(answer.get_body())
        assert answer.status_code == (503 if route.name == "health" else route.status), body
        resolve(route.answer).model_validate_json(answer.get_body())
        assert set(body) == set(resolve(route.answer).model_fields)


async def _furnished(one: World) -> Mapping[str, str]:
    """Two phones, of which one is blocked and one waits, and a dead letter; what each room calls its own."""
    await put_phone(one)
    await put_other_phone(one)
    await one.put_rule(Level.LOW)
    both = (a_threat(), a_threat(device="agent-2", mdm_device_id=OTHER_INTUNE_ID))
    await evaluate(one.services, feed(*both))
    stop = (await listing(one.services)).stop
    await one.services.store.upsert(
        DeadLetter(
            id=LETTER,
            partner="lookout",
            kind="item",
            reason="an old adapter could not",
            received_at=one.clock(),
            size=1,
            sha256="x",
        )
    )
    return {
        "devices": ENTRA_ID,
        "agents": AGENT_ID,
        "approvals": stop.id if stop else "none",
        "dead-letters": LETTER,
    }


async def _said(
    functions: dict[str, Any], route: Route, one: World, there: Mapping[str, str]
) -> func.HttpResponse:
    body = SAID.get(route.name, json.dumps(REASON).encode() if route.takes_model else b"")
    is_partners = route.access is Access.PARTNER
    headers = signed(SECRET, body) if is_partners else await one.admin_headers()
    headers = {"content-type": KIND.get(route.name, "application/json"), **headers}
    named = {"partner": "lookout", "id": there.get(route.path.split("/")[0], "")}
    return await _called(functions, route, headers, body, named, ASKED.get(route.name, {}))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_a_parameter_that_no_row_names_is_refused_and_named(
    route: Route, functions: dict[str, Any], one: World
) -> None:
    who = "partner" if route.access is Access.PARTNER else "admin"
    headers = (await _callers(one))[who]
    answer = await _called(functions, route, headers, query={"tpo": "1"})
    assert answer.status_code == 400
    assert json.loads(answer.get_body())["detail"].startswith("tpo: no parameter of this route")
    for name in (*OF_THE_HOST, *route.query, *route.ignored):
        answer = await _called(functions, route, headers, query={name: ""})
        assert b"no parameter of this route" not in answer.get_body()


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.takes_model], ids=lambda each: each.name
)
def test_a_body_is_read_strictly(route: Route) -> None:
    assert resolve(route.request).model_config["strict"] is True


def test_no_route_is_registered_outside_the_table() -> None:
    http = {
        name: each.trigger for name, each in code.functions().items() if each.trigger["type"] == "httpTrigger"
    }
    assert http.keys() == BY_NAME.keys()
    for name, trigger in http.items():
        route = BY_NAME[name]
        assert (trigger["route"], trigger["methods"]) == (route.path, [route.method])
        assert trigger["authLevel"].upper() == "ANONYMOUS", "the host would refuse a token before we see it"


def test_the_document_says_of_every_route_what_the_table_says() -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    documented = [
        tuple(cell.strip() for cell in row)
        for row in re.findall(r"^\| `([A-Z]+ /[^`]*)`([^|]*)\|([^|]*)\|([^|]*)\|$", text, re.MULTILINE)
    ]
    expected = [
        (f"{route.method} /{route.path}", _body(route), WHO[route.access], route.summary) for route in ROUTES
    ]
    assert sorted(documented) == sorted(expected)


def _body(route: Route) -> str:
    if route.takes_model:
        return f"`{{{', '.join(resolve(route.request).model_fields)}}}`"
    return f"({route.request})" if route.request else ""


def test_nothing_is_open_to_anybody_but_what_is_meant_to_be() -> None:
    assert {(route.method, route.path) for route in ROUTES if route.access is Access.ANYBODY} == OPEN


def test_a_reader_does_nothing() -> None:
    rows = {(route.method, route.path) for route in ROUTES if route.access is Access.READER}
    assert {row for row in rows if row[0] != "GET"} == READ_BY_POST
