"""The settings a run on this machine goes by."""

import pathlib

import pytest

from ingest_threat import authentication, partners
from local.sample_tenant import PLATFORM
from local.stack import read_settings
from shared.domain.authentication import Scheme
from shared.settings import read


def test_admins_write_with_tokens_of_the_simulated_login_service(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_GRAPH_PORT", "8082")
    settings = read(read_settings(tmp_path))
    assert settings.entra_authority == "http://127.0.0.1:8082"
    assert settings.admin_tenant
    assert settings.admin_audience


def test_a_webhook_secret_is_made_once_for_who_needs_one(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEBHOOK_SECRETS_LOOKOUT", raising=False)
    made = read_settings(tmp_path)["WEBHOOK_SECRETS_LOOKOUT"]
    assert made.startswith("whsec_")
    assert read_settings(tmp_path)["WEBHOOK_SECRETS_LOOKOUT"] == made
    monkeypatch.setenv("AUTH_LOOKOUT", "header")
    assert read_settings(tmp_path)["WEBHOOK_SECRETS_LOOKOUT"] == ""


def test_every_partner_of_the_example_can_prove_itself(tmp_path: pathlib.Path) -> None:
    settings = read(read_settings(tmp_path))
    authentication.check(settings)
    assert {*settings.able()} == PLATFORM.keys() <= partners.known()
    assert {*settings.schemes.values()} | {Scheme.WEBHOOK} == {*Scheme}
