"""A senseless setting is told in one line that names it; no line repeats a secret."""

import pytest

from shared.errors import SettingsError
from shared.record import Platform
from shared.settings import Mode, Settings, current, read

SECRET = "whsec_c2VjcmV0"
COSMOS = "AccountEndpoint=https://db.example:443/;AccountKey=c2VjcmV0;"


def test_nothing_set_is_report_mode_against_the_public_graph() -> None:
    settings = read({})
    assert settings.mode is Mode.REPORT
    assert settings.graph_base_url == "https://graph.microsoft.com/v1.0"
    assert settings.attribute == "extensionAttribute7"
    assert settings == Settings(partners={Platform.IOS: (), Platform.ANDROID: ()})


def test_everything_set_is_read() -> None:
    settings = read(
        {
            "MODE": " Enforce ",
            "TAG_ATTRIBUTE": "15",
            "TAG_ALL": "true",
            "PARTNERS_IOS": "lookout, Zimperium,lookout",
            "PREFERRED_PARTNER_IOS": "zimperium",
            "CONNECTOR_ID_LOOKOUT": "c-1",
            "WEBHOOK_SECRETS_LOOKOUT": SECRET,
            "WEBHOOK_SECRETS_SOPHOS": " ",
            "COSMOS": COSMOS,
            "COSMOS__accountEndpoint": "https://db.example/",
            "GRAPH_BASE_URL": "http://127.0.0.1:8082/v1.0/",
            "SYNC_STALE_MINUTES": "5",
            "FEED_POLL_DELAY_MS": "50",
            "FEED_BATCH_SIZE": "1000",
        }
    )
    assert settings == Settings(
        mode=Mode.ENFORCE,
        tag_attribute=15,
        tag_all=True,
        partners={Platform.IOS: ("lookout", "zimperium"), Platform.ANDROID: ("lookout",)},
        preferred_partner={Platform.IOS: "zimperium"},
        connector_ids={"lookout": "c-1"},
        webhook_secrets={"lookout": SECRET},
        cosmos_connection_string=COSMOS,
        cosmos_endpoint="https://db.example",
        graph_base_url="http://127.0.0.1:8082/v1.0",
        sync_stale_minutes=5,
        feed_poll_delay_ms=50,
        feed_batch_size=1000,
    )


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("MODE", "block", "off, report or enforce"),
        ("TAG_ATTRIBUTE", "0", "from 1 to 15"),
        ("TAG_ATTRIBUTE", "16", "from 1 to 15"),
        ("TAG_ATTRIBUTE", "seven", "whole number"),
        ("TAG_ATTRIBUTE", "٧", "whole number"),
        ("TAG_ALL", "yes", "true or false"),
        ("PARTNERS_IOS", "look-out", "slugs"),
        ("PREFERRED_PARTNER_ANDROID", "sophos", "not enabled on android"),
        ("WEBHOOK_SECRETS_LOOK-OUT", SECRET, "slug"),
        ("WEBHOOK_SECRETS_", SECRET, "slug"),
        ("CONNECTOR_ID_1", "c-1", "slug"),
        ("COSMOS", "c2VjcmV0", "AccountEndpoint"),
        ("COSMOS", "AccountEndpoint=https://db.example/;", "AccountKey"),
        ("COSMOS", "AccountKey=c2VjcmV0;AccountEndpoint=db;", "AccountEndpoint"),
        ("COSMOS__accountEndpoint", "db.example", "https://host"),
        ("GRAPH_BASE_URL", "ftp://graph", "https://host"),
        ("GRAPH_BASE_URL", "http://graph.microsoft.com/v1.0", "loopback"),
        ("GRAPH_BASE_URL", "http://localhost.example/v1.0", "loopback"),
        ("SYNC_STALE_MINUTES", "0", "from 1 to 10080"),
        ("FEED_POLL_DELAY_MS", "49", "from 50 to 60000"),
        ("FEED_BATCH_SIZE", "1e3", "from 1 to 1000"),
        ("FEED_BATCH_SIZE", "-1", "from 1 to 1000"),
    ],
)
def test_a_senseless_setting_is_told_in_one_line(name: str, value: str, expected: str) -> None:
    with pytest.raises(SettingsError) as told:
        read({name: value})
    line = str(told.value)
    assert line.startswith(name)
    assert expected in line
    assert "\n" not in line
    assert SECRET not in line
    assert "c2VjcmV0" not in line


def test_a_line_break_in_a_value_does_not_break_the_line() -> None:
    with pytest.raises(SettingsError) as told:
        read({"MODE": "re\nport"})
    assert "\n" not in str(told.value)


def test_the_process_reads_its_environment_once(monkeypatch: pytest.MonkeyPatch) -> None:
    current.cache_clear()
    monkeypatch.setenv("TAG_ATTRIBUTE", "3")
    assert current().tag_attribute == 3
    monkeypatch.setenv("TAG_ATTRIBUTE", "4")
    assert current().tag_attribute == 3
    current.cache_clear()
