"""Many calls at once: what each comes to, whatever happens to the others."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from aiohttp import web

from shared.errors import GraphError, GraphNotFound, GraphRefused, GraphUnavailable
from shared.graph import client as graph_client
from shared.graph.graph import Graph, SeenTag
from shared.waiting import Waiting
from tests.world import World, serving

BATCH = ("POST", "/$batch")
DEVICE = "/devices(deviceId='{id}')"


def _put(world: World, count: int) -> list[str]:
    ids = [f"entra-{number:03}" for number in range(count)]
    for id_ in ids:
        world.tenant.put_entra_device({"deviceId": id_, "extensionAttributes": {"extensionAttribute7": id_}})
    return ids


async def _tags(world: World, ids: Sequence[str]) -> list[str | GraphError | None]:
    """What stands in the tags' attribute, or why nobody can say."""
    seen = await world.services.graph.tags(ids)
    return [each.value if isinstance(each, SeenTag) else each for each in seen]


async def test_calls_go_by_twenties_and_answers_come_in_their_order(tenant_world: World) -> None:
    ids = _put(tenant_world, 45)
    assert await _tags(tenant_world, ids) == ids
    assert tenant_world.graph_calls[BATCH] == 3
    assert await tenant_world.services.graph.write_tags(dict.fromkeys(ids, "mtd-ok")) == [None] * 45
    assert await _tags(tenant_world, ids) == ["mtd-ok"] * 45


async def test_one_call_alone_needs_no_batch(tenant_world: World) -> None:
    [id_] = _put(tenant_world, 1)
    assert await _tags(tenant_world, [id_]) == [id_]
    assert tenant_world.graph_calls[BATCH] == 0
    [missing] = await _tags(tenant_world, ["nobody"])
    assert isinstance(missing, GraphNotFound)
    assert await _tags(tenant_world, []) == []


async def test_an_item_that_fails_harms_no_other(tenant_world: World) -> None:
    ids = _put(tenant_world, 3)
    first, missing, last = await _tags(tenant_world, [ids[0], "nobody", ids[2]])
    assert (first, last) == (ids[0], ids[2])
    assert isinstance(missing, GraphNotFound)


async def test_a_throttled_item_alone_is_sent_again_after_its_own_wait(tenant_world: World) -> None:
    ids = _put(tenant_world, 5)
    tenant_world.graph_faults.throttle(2, "0.2", "GET", "/devices(")
    assert await _tags(tenant_world, ids) == ids
    assert tenant_world.skipping.slept == [0.2]
    assert tenant_world.graph_calls[BATCH] == 2
    assert tenant_world.graph_calls["GET", DEVICE] == 7


async def test_an_item_that_must_wait_long_is_left_and_graph_is_let_rest(tenant_world: World) -> None:
    ids = _put(tenant_world, 2)
    tenant_world.graph_faults.throttle(1, "60", "PATCH", "/devices(")
    outcomes = await tenant_world.services.graph.write_tags(dict.fromkeys(ids, "mtd-ok"))
    refused, written = sorted(map(str, outcomes))
    assert refused.startswith("Microsoft Graph answered 429 TooManyRequests (request-id ")
    assert written == "None"
    assert 55 < tenant_world.services.graph.resting() <= 60


async def test_an_item_without_a_wait_of_its_own_is_not_sent_again_at_once(tenant_world: World) -> None:
    ids = _put(tenant_world, 2)
    tenant_world.graph_faults.fail(503, 1, "GET", "/devices(")
    assert await _tags(tenant_world, ids) == ids
    assert tenant_world.skipping.slept == [graph_client.THROTTLED_REST_SECONDS]


async def test_once_graph_asks_for_a_long_wait_no_more_twenties_are_sent(tenant_world: World) -> None:
    ids = _put(tenant_world, 45)
    tenant_world.graph_faults.throttle(1, "60", "GET", "/devices(")
    outcomes = await _tags(tenant_world, ids)
    assert tenant_world.graph_calls[BATCH] == 1
    assert sum(isinstance(outcome, GraphUnavailable) for outcome in outcomes) == 26


async def test_an_item_that_is_throttled_for_ever_is_given_up(tenant_world: World) -> None:
    ids = _put(tenant_world, 2)
    tenant_world.graph_faults.throttle(100, "0.01", "GET", ids[0])
    outcomes = await _tags(tenant_world, ids)
    assert isinstance(outcomes[0], GraphUnavailable)
    assert outcomes[1] == ids[1]
    assert tenant_world.graph_calls[BATCH] == graph_client.BATCH_ATTEMPTS


async def test_a_batch_of_which_nothing_went_through_is_not_sent_again(tenant_world: World) -> None:
    ids = _put(tenant_world, 3)
    tenant_world.graph_faults.throttle(100, "0.5", "GET", "/devices(")
    outcomes = await _tags(tenant_world, ids)
    assert all(isinstance(outcome, GraphUnavailable) for outcome in outcomes)
    assert tenant_world.graph_calls[BATCH] == 1
    assert tenant_world.services.graph.resting() > 0


@pytest.mark.parametrize(("status", "kind"), [(503, GraphUnavailable), (403, GraphRefused)])
async def test_where_the_whole_batch_fails_each_item_has_its_error(
    tenant_world: World, status: int, kind: type[GraphError]
) -> None:
    ids = _put(tenant_world, 3)
    tenant_world.graph_faults.fail(status, 1, path_contains="$batch")
    assert [type(outcome) for outcome in await _tags(tenant_world, ids)] == [kind] * 3


def _answering(*responses: Any) -> Callable[[web.Request], Any]:
    async def handle(_request: web.Request) -> web.Response:
        return web.json_response({"responses": list(responses)})

    return handle


@pytest.mark.parametrize(
    "responses",
    [
        (),
        ({"id": "0", "status": 200, "body": {"deviceId": "a"}},),
        ({"id": "7", "status": 200}, "text", None),
        ({"id": "1"}, {"status": 204}),
        ({"id": "0", "status": "200"}, {"id": "1", "status": 429, "headers": "x", "body": "y"}),
        ({"id": "0", "status": 200, "body": "not an object"},),
    ],
)
async def test_answers_that_make_no_sense_leave_their_items_without_one(
    tenant_world: World, responses: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph_client, "BATCH_ATTEMPTS", 1)
    app = web.Application()
    app.router.add_post("/v1.0/$batch", _answering(*responses))
    async with serving(app) as address:
        settings = tenant_world.services.settings.model_copy(update={"graph_base_url": f"{address}/v1.0"})
        graph = Graph(settings, Waiting())
        outcomes = await graph.tags(["a", "b"])
        await graph.close()
    assert isinstance(outcomes[1], GraphUnavailable)
    assert outcomes[0] == SeenTag(value=None, restricted=False) or isinstance(outcomes[0], GraphUnavailable)


@pytest.mark.parametrize("status", [0, 100, 302, True])
async def test_an_item_is_done_only_where_graph_says_so(tenant_world: World, status: object) -> None:
    app = web.Application()
    app.router.add_post("/v1.0/$batch", _answering(*({"id": id_, "status": status} for id_ in ("0", "1"))))
    async with serving(app) as address:
        settings = tenant_world.services.settings.model_copy(update={"graph_base_url": f"{address}/v1.0"})
        graph = Graph(settings, Waiting())
        outcomes = await graph.write_tags({"a": "mtd-ok", "b": "mtd-ok"})
        await graph.close()
    assert [isinstance(outcome, GraphError) for outcome in outcomes] == [True, True]


async def test_a_call_whose_turn_is_far_away_is_not_made(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = _put(tenant_world, 3)
    client = tenant_world.services.graph._client
    monkeypatch.setattr(client._pacer, "wait", lambda method, _url: 100.0 if method == "PATCH" else 0.0)
    outcomes = await tenant_world.services.graph.write_tags(dict.fromkeys(ids, "mtd-ok"))
    assert [str(outcome) for outcome in outcomes] == ["Microsoft Graph's quota is used up for now"] * 3
    assert sum(tenant_world.graph_calls.values()) == 0
    with pytest.raises(GraphUnavailable, match="used up"):
        await tenant_world.services.graph.write_tag(ids[0], "mtd-ok")
    assert tenant_world.services.graph.resting() > 90


async def test_a_call_whose_turn_comes_soon_waits_for_it(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    [id_] = _put(tenant_world, 1)
    waits = [0.02, 0.0]
    client = tenant_world.services.graph._client
    monkeypatch.setattr(client._pacer, "wait", lambda *_: waits.pop(0))
    assert (await tenant_world.services.graph.tag(id_)).value == id_
    assert waits == []
    assert tenant_world.skipping.slept == [0.02]
