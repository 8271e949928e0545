"""The app registration for tokens: its roles are those the code asks for; the Azure CLI may ask for one."""

import json
from typing import Any

from ingest_threat.schemes import bearer
from shared.access import ADMIN_ROLE, READER_ROLE
from tests.infra.code import ROOT

FOLDER = ROOT / "infra" / "app-registration"
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


def _read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FOLDER / name).read_text())
    return document


def test_the_roles_are_those_the_code_asks_for() -> None:
    roles = {each["value"]: each["allowedMemberTypes"] for each in _read("application.json")["appRoles"]}
    assert roles.keys() == {ADMIN_ROLE, READER_ROLE, bearer.ROLE}
    assert "User" in roles[ADMIN_ROLE]
    assert "User" in roles[READER_ROLE]
    assert roles[bearer.ROLE] == ["Application"]


def test_the_azure_cli_may_ask_for_the_scope_that_is_there() -> None:
    first, second = _read("application.json")["api"], _read("azure-cli.json")["api"]
    assert {**second, **first} == {**first, "preAuthorizedApplications": second["preAuthorizedApplications"]}
    (client,) = second["preAuthorizedApplications"]
    assert client["appId"] == AZURE_CLI
    assert client["delegatedPermissionIds"] == [each["id"] for each in first["oauth2PermissionScopes"]]


def test_tokens_are_of_version_2_whose_audience_is_the_client_id() -> None:
    assert _read("application.json")["api"]["requestedAccessTokenVersion"] == 2
