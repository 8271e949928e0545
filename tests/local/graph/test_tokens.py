"""The simulated login service: keys as Entra publishes them, and tokens the product takes."""

import pathlib

import jwt

from local.graph.directory import Directory
from local.graph.tokens import new_key
from shared.entra import Expected, verified
from tests.local.graph.simulator import Simulator
from tests.world import TENANT_ID

WANTED = {"tenant": TENANT_ID, "audience": "api://x", "roles": ["Mtd.Admin"], "name": "Ada"}


async def test_a_token_is_proven_by_the_keys_of_its_tenant(simulator: Simulator) -> None:
    async with simulator.http.post("/_sim/token", json=WANTED) as answer:
        token = await answer.text()
    authority = str(simulator.url).rstrip("/")
    expected = Expected(authority, TENANT_ID, "api://x", frozenset({"Mtd.Admin"}))
    caller = await verified(token, expected)
    assert (caller.name, caller.roles) == ("Ada", frozenset({"Mtd.Admin"}))
    assert jwt.get_unverified_header(token)["alg"] == "RS256"


async def test_only_the_public_half_is_published(simulator: Simulator) -> None:
    status, answer = await simulator.ask("GET", f"/{TENANT_ID}/discovery/v2.0/keys")
    (key,) = answer["keys"]
    assert status == 200
    assert set(key) == {"kty", "use", "kid", "x5t", "n", "e"}


async def test_a_person_is_the_same_person_every_time(simulator: Simulator) -> None:
    said = []
    for _ in range(2):
        async with simulator.http.post("/_sim/token", json=WANTED) as answer:
            said.append(jwt.decode(await answer.text(), options={"verify_signature": False})["oid"])
    assert said[0] == said[1]


async def test_what_is_no_order_for_a_token_is_refused(simulator: Simulator) -> None:
    orders: list[object] = [{}, [], {**WANTED, "roles": "Mtd.Admin"}]
    for order in orders:
        async with simulator.http.post("/_sim/token", json=order) as answer:
            assert answer.status == 400


def test_the_key_is_made_once_a_folder(tmp_path: pathlib.Path) -> None:
    made = []
    for _ in range(2):
        directory = Directory(tmp_path / "graph.sqlite")
        made.append(directory.token_key(new_key))
        directory.close()
    assert made[0] == made[1]
    assert "PRIVATE KEY" in made[0]
