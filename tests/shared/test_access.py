"""Who may read and who may write."""

import pytest

from shared.access import ADMIN_ROLE, READER_ROLE, admin, reader
from shared.errors import NotAuthentic
from shared.headers import Headers
from tests.world import TENANT_ID, World, world

OTHER_TENANT = "99999999-9999-4999-8999-999999999999"
AUDIENCE = "api://mtd-connector"
KEY, OTHER_KEY = "0123456789abcdef" * 2, "fedcba9876543210" * 2


async def test_an_admin_is_whoever_has_the_role(tenant_world: World) -> None:
    caller = await admin(tenant_world.services, Headers(await tenant_world.admin_headers("Ada")))
    assert (caller.name, caller.roles) == ("Ada", frozenset({ADMIN_ROLE}))


async def test_nobody_else_is(tenant_world: World, caplog: pytest.LogCaptureFixture) -> None:
    tokens = [
        await tenant_world.token(),
        await tenant_world.token("Mtd.Report.Write"),
        await tenant_world.token(ADMIN_ROLE, audience="https://graph.microsoft.com"),
        await tenant_world.token(ADMIN_ROLE, tenant=OTHER_TENANT),
    ]
    attempts = [{}, {"Authorization": "Bearer x"}, *({"Authorization": f"Bearer {each}"} for each in tokens)]
    for headers in attempts:
        with pytest.raises(NotAuthentic):
            await admin(tenant_world.services, Headers(headers))
    assert sum("not_authentic" in line for line in caplog.messages) == len(attempts)
    assert not any(token in caplog.text for token in tokens)


async def test_admins_are_off_until_they_are_set() -> None:
    async with world(admin_tenant="", admin_audience="") as one:
        token = await one.token(ADMIN_ROLE, tenant=TENANT_ID, audience=AUDIENCE)
        with pytest.raises(NotAuthentic, match="no tenant and audience"):
            await admin(one.services, Headers({"Authorization": f"Bearer {token}"}))


@pytest.mark.parametrize("role", [READER_ROLE, ADMIN_ROLE])
async def test_who_may_read_has_either_role(role: str, tenant_world: World) -> None:
    token = await tenant_world.token(role)
    await reader(tenant_world.services, Headers({"Authorization": f"Bearer {token}"}), "list_devices")


async def test_a_reader_is_no_admin(tenant_world: World) -> None:
    token = await tenant_world.token(READER_ROLE)
    with pytest.raises(NotAuthentic):
        await admin(tenant_world.services, Headers({"Authorization": f"Bearer {token}"}))


async def test_a_read_key_reads_and_its_name_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "mtd")
    async with world(read_keys={"siem": KEY, "desk": OTHER_KEY}) as one:
        for name, key in (("siem", KEY), ("desk", OTHER_KEY)):
            await reader(one.services, Headers({"x-api-key": key}), "list_devices")
            assert f"read_by_key key={name} route=list_devices" in caplog.text
        with pytest.raises(NotAuthentic):
            await admin(one.services, Headers({"X-Api-Key": KEY}))
    assert KEY not in caplog.text


@pytest.mark.parametrize("given", ["", "x", KEY[:-1], KEY + "0", f"{KEY},{OTHER_KEY}", "\u00e9" * 32])
async def test_no_other_key_reads(given: str, caplog: pytest.LogCaptureFixture) -> None:
    async with world(read_keys={"siem": KEY}) as one:
        with pytest.raises(NotAuthentic):
            await reader(one.services, Headers({"X-Api-Key": given}), "list_devices")
    assert "not_authentic role=Mtd.Reader" in caplog.text


async def test_who_sends_a_wrong_key_is_not_let_in_by_a_token(tenant_world: World) -> None:
    token = await tenant_world.token(READER_ROLE)
    both = Headers({"X-Api-Key": KEY, "Authorization": f"Bearer {token}"})
    with pytest.raises(NotAuthentic):
        await reader(tenant_world.services, both, "list_devices")
