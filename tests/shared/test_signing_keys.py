"""Published keys: how often they are asked for, how long they are trusted, and what is no answer."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

import shared.signing_keys
from shared.errors import KeysUnavailable, NotAuthentic
from shared.signing_keys import LIFETIME, PAUSE, PAUSE_WITHOUT_KEYS, SigningKeys, signing_keys
from tests.login_service import LoginService, login_service, private_key, published
from tests.world import TENANT_ID, serving


class Seconds:
    """A clock that tests move."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def login() -> AsyncIterator[LoginService]:
    async with login_service() as service:
        yield service


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def keys(login: LoginService, clock: Seconds) -> SigningKeys:
    return SigningKeys(f"{login.authority}/{TENANT_ID}/discovery/v2.0/keys", clock)


async def _unknown(keys: SigningKeys, name: str = "nobody") -> None:
    with pytest.raises(NotAuthentic):
        await keys.key(name)


async def _unavailable(keys: SigningKeys, name: str = "first") -> float:
    with pytest.raises(KeysUnavailable) as error:
        await keys.key(name)
    return error.value.retry_after


async def test_keys_are_asked_for_once_however_many_need_them(login: LoginService, keys: SigningKeys) -> None:
    found = await asyncio.gather(*(keys.key("first") for _ in range(20)))
    assert {key.public_numbers() for key in found} == {private_key("first").public_key().public_numbers()}
    assert len(login.asked) == 1


async def test_an_unknown_key_is_asked_for_at_most_once_a_minute(
    login: LoginService, keys: SigningKeys, clock: Seconds
) -> None:
    await keys.key("first")
    for name in ("nobody", "nothing", "nowhere"):
        await _unknown(keys, name)
    assert len(login.asked) == 1
    clock.now += PAUSE
    login.publish(published("first"), published("second"))
    await asyncio.gather(*(keys.key("second") for _ in range(5)))
    await _unknown(keys)
    assert len(login.asked) == 2


async def test_keys_are_forgotten_after_an_hour(
    login: LoginService, keys: SigningKeys, clock: Seconds
) -> None:
    await keys.key("first")
    clock.now += LIFETIME + 1
    login.publish(published("second"))
    await _unknown(keys, "first")
    await keys.key("second")


async def test_known_keys_serve_on_while_the_service_is_away_but_not_for_ever(
    login: LoginService, keys: SigningKeys, clock: Seconds
) -> None:
    await keys.key("first")
    login.status = 503
    clock.now += PAUSE
    await _unavailable(keys, "nobody")
    assert 0 < await _unavailable(keys, "nobody") <= PAUSE
    assert len(login.asked) == 2
    await keys.key("first")
    clock.now += LIFETIME
    await _unavailable(keys, "first")


async def test_a_service_that_is_away_is_not_asked_by_every_request(
    login: LoginService, keys: SigningKeys, clock: Seconds
) -> None:
    login.status = 500
    await asyncio.gather(*(_unavailable(keys) for _ in range(10)))
    assert len(login.asked) == 1
    clock.now += PAUSE_WITHOUT_KEYS
    login.status = 200
    await keys.key("first")


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>", b"[]", b"{}", b'{"keys": []}', b'{"keys": 1}', b"\xff"),
        b'{"keys": [{"kty": "x"}]}',
        *(b"[" * 100_000, b'{"keys": [{"kty": "RSA", "alg": []}]}', b'{"keys": ' + b"9" * 5000 + b"}"),
    ],
)
async def test_an_answer_without_keys_is_none(login: LoginService, keys: SigningKeys, body: bytes) -> None:
    login.body = body
    await _unavailable(keys)


@pytest.mark.parametrize("odd", [["second"], {"a": 1}, 7, True, ""])
async def test_a_key_whose_id_is_no_text_costs_no_other(
    login: LoginService, keys: SigningKeys, odd: object
) -> None:
    login.publish({**published("second"), "kid": odd}, published("first"))
    await keys.key("first")


async def test_a_redirect_is_not_followed(login: LoginService) -> None:
    async def elsewhere(request: web.Request) -> web.Response:
        raise web.HTTPFound(f"{login.authority}/{TENANT_ID}/discovery/v2.0/keys")

    app = web.Application()
    app.router.add_get("/keys", elsewhere)
    async with serving(app) as address:
        await _unavailable(SigningKeys(f"{address}/keys"))
    assert login.asked == []


async def test_nobody_listening_is_unavailable() -> None:
    await _unavailable(SigningKeys("http://127.0.0.1:9/keys"))


async def test_a_service_that_hangs_is_waited_for_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared.signing_keys, "MAX_WAIT", 0.2)
    monkeypatch.setattr(shared.signing_keys, "SOCKET_TIMEOUT", 0.5)
    over = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        await over.wait()
        return web.Response()

    app = web.Application()
    app.router.add_get("/keys", hang)
    async with serving(app) as address:
        await _unavailable(SigningKeys(f"{address}/keys"))
        over.set()


async def test_a_service_that_hangs_keeps_one_thread_and_no_more(
    login: LoginService, clock: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each thread is one of the few that all of the app shares."""
    monkeypatch.setattr(shared.signing_keys, "MAX_WAIT", 0.1)
    over, asked = asyncio.Event(), 0

    async def hang(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        await over.wait()
        return web.Response(body=login.body, content_type="application/json")

    app = web.Application()
    app.router.add_get("/keys", hang)
    async with serving(app) as address:
        keys = SigningKeys(f"{address}/keys", clock)
        for _ in range(3):
            assert await _unavailable(keys) > 0
            clock.now += PAUSE
        assert asked == 1
        over.set()
        while keys._under_way:  # noqa: ASYNC110 - a thread ends
            await asyncio.sleep(0.01)
        await keys.key("first")
        assert asked == 1, "what came late serves all the same"


async def test_keys_for_encryption_are_not_for_signatures(login: LoginService, keys: SigningKeys) -> None:
    login.publish(published("first"), {**published("second"), "use": "enc"})
    await keys.key("first")
    await _unknown(keys, "second")


async def test_a_tenants_keys_are_shared_and_another_tenants_are_its_own() -> None:
    one = signing_keys("http://127.0.0.1:9", TENANT_ID)
    assert signing_keys("http://127.0.0.1:9", TENANT_ID) is one
    assert signing_keys("http://127.0.0.1:9", "other") is not one
