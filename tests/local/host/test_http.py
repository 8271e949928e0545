"""HTTP functions: routes, keys, requests and answers."""

import contextlib
import io
import json
import threading
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import azure.functions as func
import pytest

from local.host import http
from local.host.errors import HostError
from tests.local.host.conftest import Bench

KEY = {"LOCAL_FUNCTION_KEY": "secret"}


def add(app: func.FunctionApp, name: str, route: str | None = None, **options: Any) -> None:
    """A function that answers with its name and what the route gave it."""

    @app.function_name(name)
    @app.route(route, **options)
    def answer(req: func.HttpRequest) -> str:
        return f"{name} {json.dumps(dict(req.route_params))}"


async def get(bench: Bench, app: func.FunctionApp, path: str, **options: Any) -> tuple[int, str]:
    client = await bench.web(app, **options)
    async with client.get(path) as response:
        return response.status, await response.text()


async def test_the_route_is_the_functions_name_under_api(app: func.FunctionApp, bench: Bench) -> None:
    add(app, "health")
    assert await get(bench, app, "/api/health") == (200, "health {}")


@pytest.mark.parametrize(("prefix", "path"), [("v1", "/v1/health"), ("", "/health")])
async def test_host_json_changes_the_prefix(
    app: func.FunctionApp, bench: Bench, prefix: str, path: str
) -> None:
    add(app, "health")
    host_json = {"extensions": {"http": {"routePrefix": prefix}}}
    assert (await get(bench, app, path, host_json=host_json))[0] == 200


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("items/7", 'number {"id": "7"}'),
        ("items/-7", 'number {"id": "-7"}'),
        ("items", "number {}"),
        ("items/seven", 'word {"name": "seven"}'),
        ("ITEMS/all/", "all {}"),
        ("items/a%20b%2Fc", 'word {"name": "a b%2Fc"}'),
        ("files/a.b.json", 'file {"name": "a.b", "kind": "json"}'),
        ("deep/er/and/deeper", 'rest {"path": "deep/er/and/deeper"}'),
    ],
)
async def test_the_most_specific_route_is_taken(
    app: func.FunctionApp, bench: Bench, path: str, answer: str
) -> None:
    add(app, "rest", "{*path}")
    add(app, "word", "items/{name}")
    add(app, "number", "items/{id:int?}")
    add(app, "all", "items/all")
    add(app, "file", "files/{name}.{kind:alpha}")
    assert await get(bench, app, f"/api/{path}") == (200, answer)


@pytest.mark.parametrize("route", ["{id:regex(^a$)}", "{id=1}", "{id:min(1)}", "{id:odd}", "{a}/{a}"])
def test_a_route_that_is_not_understood_is_refused(app: func.FunctionApp, bench: Bench, route: str) -> None:
    add(app, "items", route)
    with pytest.raises(HostError, match="function items: route"):
        bench.make(app)


async def test_an_unknown_route_is_404(app: func.FunctionApp, bench: Bench) -> None:
    add(app, "health")
    assert await get(bench, app, "/api/nothing") == (404, "")
    assert await get(bench, app, "/health") == (404, "")


async def test_another_method_is_404_unless_another_function_takes_it(
    app: func.FunctionApp, bench: Bench
) -> None:
    add(app, "write", "items", methods=["POST"])
    assert (await get(bench, app, "/api/items"))[0] == 404
    add(app, "read", "items", methods=[func.HttpMethod.GET])
    assert await get(bench, app, "/api/items") == (200, "read {}")


@pytest.mark.parametrize("level", [func.AuthLevel.FUNCTION, func.AuthLevel.ADMIN])
async def test_a_key_is_asked_for_in_header_or_query(
    app: func.FunctionApp, bench: Bench, level: func.AuthLevel
) -> None:
    add(app, "closed", auth_level=level)
    client = await bench.web(app, settings=KEY)
    for key, status in (("", 401), ("wrong", 401), ("secret", 200)):
        assert (await client.get("/api/closed", headers={"x-functions-key": key})).status == status
        assert (await client.get("/api/closed", params={"code": key})).status == status


async def test_without_a_key_in_the_settings_no_key_is_right(app: func.FunctionApp, bench: Bench) -> None:
    add(app, "closed", auth_level=func.AuthLevel.FUNCTION)
    assert (await get(bench, app, "/api/closed?code="))[0] == 401


async def test_the_function_sees_the_whole_request(app: func.FunctionApp, bench: Bench) -> None:
    seen: list[func.HttpRequest] = []

    @app.route("items/{id}")
    def answer(req: func.HttpRequest) -> str:
        seen.append(req)
        return ""

    client = await bench.web(app)
    headers = [("X-One", "1"), ("X-Many", "a"), ("X-Many", "b")]
    await client.put("/api/items/7?a=1&a=2&b=", data=b"\x00body", headers=headers)
    [request] = seen
    assert (request.method, request.get_body()) == ("PUT", b"\x00body")
    assert request.url == str(client.make_url("/api/items/7?a=1&a=2&b="))
    assert dict(request.route_params) == {"id": "7"}
    assert dict(request.params) == {"a": "1,2", "b": ""}
    assert (request.headers["x-one"], request.headers["x-many"]) == ("1", "a,b")


async def test_the_answer_passes_through(app: func.FunctionApp, bench: Bench) -> None:
    @app.route("a")
    def answer(req: func.HttpRequest) -> func.HttpResponse:
        headers = {"X-Own": "1", "Content-Length": "999", "Set-Cookie": "a=b; Path=/"}
        return func.HttpResponse(b"{}", status_code=207, headers=headers, mimetype="application/problem+json")

    client = await bench.web(app)
    async with client.get("/api/a") as response:
        assert (response.status, await response.read()) == (207, b"{}")
        assert response.headers["Content-Type"] == "application/problem+json"
        assert (response.headers["X-Own"], response.headers["Content-Length"]) == ("1", "2")
        assert response.headers["Set-Cookie"] == "a=b; Path=/"


async def test_head_is_answered_without_body(app: func.FunctionApp, bench: Bench) -> None:
    add(app, "health")
    client = await bench.web(app)
    async with client.head("/api/health") as response:
        assert (response.status, response.headers["Content-Length"]) == (200, "9")
        assert await response.read() == b""


async def test_a_204_has_no_body(app: func.FunctionApp, bench: Bench) -> None:
    @app.route("a")
    def answer(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(status_code=204)

    assert await get(bench, app, "/api/a") == (204, "")


async def test_a_body_may_be_as_large_as_the_limit_and_no_larger(app: func.FunctionApp, bench: Bench) -> None:
    assert http.MAX_BODY == 210 * 1024 * 1024
    add(app, "take")
    client = await bench.web(app, settings={"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": str(1 << 21)})
    assert (await client.post("/api/take", data=io.BytesIO(bytes(1 << 21)))).status == 200
    assert (await client.post("/api/take", data=io.BytesIO(bytes((1 << 21) + 1)))).status == 500


async def test_of_a_body_beyond_the_limit_no_more_than_the_limit_is_held(
    app: func.FunctionApp, bench: Bench
) -> None:
    limit, piece = 1 << 21, bytes(1 << 16)
    add(app, "take")
    client = await bench.web(app, settings={"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": str(limit)})

    async def sixty_mebibytes() -> AsyncIterator[bytes]:
        for _ in range(60 * 16):
            yield piece

    tracemalloc.start()
    try:
        with contextlib.suppress(aiohttp.ClientError):  # it may hang up before all is sent
            assert (await client.post("/api/take", data=sixty_mebibytes())).status == 500
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * limit
    assert (await client.post("/api/take", data=io.BytesIO(b"small"))).status == 200


async def test_a_failing_function_is_500_without_detail_and_the_host_goes_on(
    app: func.FunctionApp, bench: Bench
) -> None:
    @app.route("a")
    def broken(req: func.HttpRequest) -> str:
        raise ValueError("internal detail")

    add(app, "health")
    assert await get(bench, app, "/api/a") == (500, "")
    assert await get(bench, app, "/api/health") == (200, "health {}")
    [failure] = bench.hosts[0].failures
    assert (failure.function, str(failure.error)) == ("broken", "internal detail")


@pytest.mark.parametrize("answer", [None, 7, {"a": 1}])
async def test_an_answer_that_is_no_response_is_a_failure(
    app: func.FunctionApp, bench: Bench, answer: object
) -> None:
    @app.route("a")
    def broken(req: func.HttpRequest):  # type: ignore[no-untyped-def]
        return answer

    assert await get(bench, app, "/api/a") == (500, "")
    assert "unable to encode" in str(bench.hosts[0].failures[0].error)


async def test_sync_functions_run_in_a_thread_and_async_ones_on_the_loop(
    app: func.FunctionApp, bench: Bench
) -> None:
    @app.route("sync")
    def sync(req: func.HttpRequest) -> str:
        return str(threading.current_thread() is threading.main_thread())

    @app.route("async")
    async def on_loop(req: func.HttpRequest) -> str:
        return str(threading.current_thread() is threading.main_thread())

    assert await get(bench, app, "/api/sync") == (200, "False")
    assert await get(bench, app, "/api/async") == (200, "True")


async def test_the_context_tells_the_function_who_calls(app: func.FunctionApp, bench: Bench) -> None:
    seen: list[func.Context] = []

    @app.function_name("named")
    @app.route("a")
    def answer(req: func.HttpRequest, context: func.Context) -> str:
        seen.append(context)
        return ""

    client = await bench.web(app)
    await client.get("/api/a", headers={"traceparent": "00-1-2-00", "tracestate": "x=y"})
    await client.get("/api/a")
    first, second = seen
    assert first.function_name == "named"
    assert first.invocation_id != second.invocation_id
    assert (first.trace_context.trace_parent, first.trace_context.trace_state) == ("00-1-2-00", "x=y")
    assert second.trace_context.trace_parent.count("-") == 3
    assert first.retry_context.retry_count == 0
