"""Entra's bearer token from a partner: the role it must have, and which settings make sense."""

import pytest

from ingest_threat.schemes.bearer import (
    ROLE,
    PartnerClient,
    checked_app_ids,
    checked_audience,
    checked_tenant,
    verify,
)
from shared.errors import NotAuthentic, SettingsError
from shared.headers import Headers
from tests.login_service import APP, AUDIENCE, PERSON, login_service
from tests.world import TENANT_ID


async def test_the_partners_own_client_with_the_role_proves_it() -> None:
    client = PartnerClient(TENANT_ID, AUDIENCE, frozenset({APP}))
    async with login_service() as login:
        for good in (login.token(roles=[ROLE]), login.token()):
            await verify(Headers({"authorization": f"Bearer {good}"}), login.authority, client)
        for bad in (login.token(roles=["Mtd.Admin"]), login.token(azp=PERSON)):
            with pytest.raises(NotAuthentic):
                await verify(Headers({"authorization": f"Bearer {bad}"}), login.authority, client)


def test_ids_are_kept_in_lower_case() -> None:
    assert checked_tenant(TENANT_ID.upper()) == TENANT_ID
    assert checked_app_ids(f"{APP.upper()}, {PERSON}") == {APP, PERSON}
    assert checked_audience(AUDIENCE) == AUDIENCE


@pytest.mark.parametrize(
    "text",
    ["common", "organizations", "example.com", "00000000-0000-0000-0000-000000000000", f"{APP} {APP}", ""],
)
def test_a_tenant_is_one_tenant(text: str) -> None:
    with pytest.raises(SettingsError, match="one tenant"):
        checked_tenant(text)


def test_a_client_is_named_by_its_id() -> None:
    with pytest.raises(SettingsError, match="app id 2 of 2 is no GUID"):
        checked_app_ids(f"{APP} zimperium")


@pytest.mark.parametrize("text", ["", "two words", "api://é", "x" * 301])
def test_an_audience_is_one_audience(text: str) -> None:
    with pytest.raises(SettingsError, match="one audience"):
        checked_audience(text)
