"""A senseless setting is refused in one line that names it; no line repeats a secret."""

from datetime import UTC, date, datetime

import pytest

from shared.domain.authentication import Scheme
from shared.domain.mode import Mode
from shared.domain.record import Platform
from shared.domain.switches import PartnersMode
from shared.errors import SettingsError
from shared.settings import Settings, current, read

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
            "PARTNERS_MODE_IOS": "all",
            "PARTNERS_MODE_ANDROID": " Any ",
            "CONNECTOR_ID_LOOKOUT": "c-1",
            "EVENT_ONLY_PRESENT_ZIMPERIUM": "true",
            "EVENT_ONLY_PRESENT_WANDERA_JAMF": "false",
            "ENROLLMENT_GRACE_HOURS": "48",
            "WEBHOOK_SECRETS_LOOKOUT": SECRET,
            "WEBHOOK_SECRETS_SOPHOS": " ",
            "AUTH_WANDERA_JAMF": "Header",
            "HEADER_NAME_WANDERA_JAMF": "X-Key",
            "HEADER_SECRETS_WANDERA_JAMF": "h",
            "AUTH_ZIMPERIUM": "entra",
            "ENTRA_TENANT_ZIMPERIUM": "t",
            "ENTRA_AUDIENCE_ZIMPERIUM": "a",
            "ENTRA_APP_IDS_ZIMPERIUM": "i",
            "AUTH_BETTER_MOBILE": "shared_key",
            "SHARED_KEY_WORKSPACE_BETTER_MOBILE": "w",
            "SHARED_KEYS_BETTER_MOBILE": "k",
            "AUTH_PRADEO": "header",
            "HEADER_NAME_PRADEO": "X-Only-A-Name",
            "WORDS_LOOKOUT_GONE": "Away, Shut",
            "WORDS_LOOKOUT_HERE": "",
            "COSMOS": COSMOS,
            "COSMOS__accountEndpoint": "https://db.example/",
            "GRAPH_BASE_URL": "http://127.0.0.1:8082/v1.0/",
            "ENTRA_AUTHORITY": "http://127.0.0.1:8082/",
            "ADMIN_TENANT": "7E0A1F64-3C58-4B9D-8F21-6D5C4B3A2910",
            "ADMIN_AUDIENCE": " api://mtd ",
            "SYNC_STALE_MINUTES": "5",
            "FEED_POLL_DELAY_MS": "50",
            "FEED_BATCH_SIZE": "1000",
        }
    )
    assert settings == Settings(
        mode=Mode.ENFORCE,
        tag_attribute=15,
        tag_all=True,
        partners={
            Platform.IOS: ("lookout", "zimperium"),
            Platform.ANDROID: ("better_mobile", "lookout", "wandera_jamf", "zimperium"),
        },
        preferred_partner={Platform.IOS: "zimperium"},
        connector_ids={"lookout": "c-1"},
        partners_mode={Platform.ANDROID: PartnersMode.ANY},
        event_only_present=frozenset({"zimperium"}),
        enrollment_grace_hours=48,
        schemes={
            "wandera_jamf": Scheme.HEADER,
            "zimperium": Scheme.ENTRA,
            "better_mobile": Scheme.SHARED_KEY,
            "pradeo": Scheme.HEADER,
        },
        webhook_secrets={"lookout": SECRET},
        header_name={"wandera_jamf": "X-Key", "pradeo": "X-Only-A-Name"},
        header_secrets={"wandera_jamf": "h"},
        entra_tenant={"zimperium": "t"},
        entra_audience={"zimperium": "a"},
        entra_app_ids={"zimperium": "i"},
        shared_key_workspace={"better_mobile": "w"},
        shared_keys={"better_mobile": "k"},
        words={"lookout_gone": "Away, Shut"},
        cosmos_connection_string=COSMOS,
        cosmos_endpoint="https://db.example",
        graph_base_url="http://127.0.0.1:8082/v1.0",
        entra_authority="http://127.0.0.1:8082",
        admin_tenant="7e0a1f64-3c58-4b9d-8f21-6d5c4b3a2910",
        admin_audience="api://mtd",
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
        ("PARTNERS_MODE_IOS", "some", "all or any"),
        ("ENROLLMENT_GRACE_HOURS", "721", "from 0 to 720"),
        ("EVENT_ONLY_PRESENT_ZIMPERIUM", "perhaps", "true or false"),
        ("PARTNERS_IOS", "look-out", "slugs"),
        ("PREFERRED_PARTNER_ANDROID", "sophos", "not enabled on android"),
        ("WEBHOOK_SECRETS_LOOK-OUT", SECRET, "slug"),
        ("WEBHOOK_SECRETS_", SECRET, "slug"),
        ("CONNECTOR_ID_1", "c-1", "slug"),
        ("WORDS_", "Away", "slug"),
        ("AUTH_LOOKOUT", "none", "webhook, header, entra, shared_key"),
        ("AUTH_LOOKOUT", SECRET, "webhook, header, entra, shared_key"),
        ("AUTH_", "header", "slug"),
        ("HEADER_SECRETS_LOOK-OUT", SECRET, "slug"),
        ("SHARED_KEYS_1", SECRET, "slug"),
        ("ENTRA_AUTHORITY", "http://login.microsoftonline.com", "loopback"),
        ("ENTRA_AUTHORITY", "login.microsoftonline.com", "https://host"),
        ("ADMIN_TENANT", "common", "GUID"),
        ("ADMIN_TENANT", "7e0a1f64-3c58-4b9d-8f21-6d5c4b3a2910", "ADMIN_AUDIENCE is not"),
        ("ADMIN_AUDIENCE", "api://mtd", "ADMIN_TENANT is not"),
        ("ADMIN_AUDIENCE", "api://one api://two", "without spaces"),
        ("COSMOS", "c2VjcmV0", "AccountEndpoint"),
        ("COSMOS", "AccountEndpoint=https://db.example/;", "AccountKey"),
        ("COSMOS", "AccountKey=c2VjcmV0;AccountEndpoint=db;", "AccountEndpoint"),
        ("COSMOS__accountEndpoint", "db.example", "https://host"),
        ("GRAPH_BASE_URL", "ftp://graph", "https://host"),
        ("GRAPH_BASE_URL", "http://graph.microsoft.com/v1.0", "loopback"),
        ("GRAPH_BASE_URL", "http://localhost.example/v1.0", "loopback"),
        ("SYNC_STALE_MINUTES", "0", "from 1 to 2880"),
        ("FEED_POLL_DELAY_MS", "49", "from 50 to 60000"),
        ("FEED_BATCH_SIZE", "1e3", "from 1 to 1000"),
        ("FEED_BATCH_SIZE", "-1", "from 1 to 1000"),
    ],
)
def test_a_senseless_setting_is_reported_in_one_line(name: str, value: str, expected: str) -> None:
    with pytest.raises(SettingsError) as error:
        read({name: value})
    line = str(error.value)
    assert line.startswith(name)
    assert expected in line
    assert "\n" not in line
    assert SECRET not in line
    assert "c2VjcmV0" not in line


def test_a_line_break_in_a_value_does_not_break_the_line() -> None:
    with pytest.raises(SettingsError) as error:
        read({"MODE": "re\nport"})
    assert "\n" not in str(error.value)


def test_the_process_reads_its_environment_once(monkeypatch: pytest.MonkeyPatch) -> None:
    current.cache_clear()
    monkeypatch.setenv("TAG_ATTRIBUTE", "3")
    assert current().tag_attribute == 3
    monkeypatch.setenv("TAG_ATTRIBUTE", "4")
    assert current().tag_attribute == 3
    current.cache_clear()


def test_any_partner_and_a_preferred_one_are_refused_together() -> None:
    both = {"PARTNERS_IOS": "lookout,zimperium", "PREFERRED_PARTNER_IOS": "lookout"}
    with pytest.raises(SettingsError, match="PARTNERS_MODE_IOS is any and PREFERRED_PARTNER_IOS is set"):
        read({**both, "PARTNERS_MODE_IOS": "any"})
    for mode in ({"PARTNERS_MODE_IOS": "all"}, {"PARTNERS_MODE_ANDROID": "any"}):
        assert read({**both, **mode}).preferred_partner == {Platform.IOS: "lookout"}


CANARY = {
    "CANARY_DEVICE": "7E0A1F64-3c58-4b9d-8f21-6d5c4b3a2910",
    "CANARY_USER": "8e0a1f64-3c58-4b9d-8f21-6d5c4b3a2911",
    "CANARY_PARTNER": "Lookout",
    "WEBHOOK_SECRETS_LOOKOUT": SECRET,
    "PUBLIC_URL": "https://mtd.example.com/",
}


def test_a_canary_is_read_whole() -> None:
    settings = read(CANARY)
    assert settings.canary_device == CANARY["CANARY_DEVICE"].lower()
    assert (settings.canary_user, settings.canary_partner) == (CANARY["CANARY_USER"], "lookout")
    assert settings.public_url == "https://mtd.example.com"
    assert not read({**CANARY, "CANARY_DEVICE": ""}).canary_partner, "without a device there is none"


@pytest.mark.parametrize(
    ("name", "value", "refusal"),
    [
        ("CANARY_DEVICE", "the phone", "CANARY_DEVICE is 'the phone': expected an Entra id"),
        ("CANARY_USER", "", "CANARY_USER is ''"),
        ("CANARY_PARTNER", "sophos", "CANARY_PARTNER is 'sophos': expected one of checkpoint_harmony"),
        ("WEBHOOK_SECRETS_LOOKOUT", "", "CANARY_PARTNER is lookout: expected one that signs"),
        ("PUBLIC_URL", "", "PUBLIC_URL is not set"),
        ("PUBLIC_URL", "http://mtd.example.com", "plain http is for loopback only"),
    ],
)
def test_a_canary_that_makes_no_sense_is_refused(name: str, value: str, refusal: str) -> None:
    with pytest.raises(SettingsError) as error:
        read({**CANARY, name: value})
    assert refusal in str(error.value)
    assert SECRET not in str(error.value)


def test_whom_policies_are_to_refuse_is_read() -> None:
    ids = "0D9A7C52-1f3e-4b86-8a7d-5e2b9c64f310"
    settings = read(
        {
            "ACCESS_APPS": f"office365, {ids} ALL",
            "ACCESS_EXCLUSIONS": f"{ids}, role:{ids} guests",
            "WATCH_COMPANION": "false",
        }
    )
    assert settings.access_apps == ("Office365", ids.lower(), "All")
    assert settings.access_exclusions == frozenset({ids.lower(), f"role:{ids.lower()}", "guests"})
    assert not settings.watch_companion


@pytest.mark.parametrize("name", ["ACCESS_APPS", "ACCESS_EXCLUSIONS"])
def test_what_is_no_id_is_no_app_and_no_exclusion(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} holds 'exchange'"):
        read({name: "Exchange"})


def test_who_is_polled_is_read_and_counts_without_a_way_to_call() -> None:
    settings = read(
        {
            "POLL_URL_LOOKOUT": "https://eu.example.com/",
            "POLL_SECRET_LOOKOUT": " a-key ",
            "POLL_BEGIN_LOOKOUT": "2026-01-31",
            "POLL_EXPIRES_LOOKOUT": "2026-12-31",
            "POLL_CLIENT_ID_PRADEO": "someone",
        }
    )
    lookout = settings.polling["lookout"]
    assert (lookout.url, lookout.secret) == ("https://eu.example.com", "a-key")
    assert lookout.begin == datetime(2026, 1, 31, tzinfo=UTC)
    assert lookout.expires == date(2026, 12, 31)
    assert settings.partners[Platform.IOS] == ("lookout",), "an id alone polls nobody"
    assert (settings.is_polled("lookout"), settings.is_polled("pradeo")) == (True, False)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("POLL_URL_LOOKOUT", "example.com", "expected an address"),
        ("POLL_URL_LOOKOUT", "http://example.com", "plain http is for loopback only"),
        ("POLL_TENANT_SOPHOS", "our own", "expected the tenant's id, a GUID"),
        ("POLL_BEGIN_LOOKOUT", "yesterday", "expected a time"),
        ("POLL_BEGIN_LOOKOUT", "0001-01-01T00:00:00+14:00", "expected a time"),
        ("POLL_EXPIRES_LOOKOUT", "2026-02-30", "expected a date"),
        ("POLL_CLIENT_ID_LOOKOUT", "two words", "expected visible ASCII"),
        ("POLL_SECRET_LOOKOUT", "geheim\u00e4", "expected visible ASCII"),
        ("POLL_SECRET_LOOKOUT", "@Microsoft.KeyVault(VaultName=v;SecretName=s)", "expected visible ASCII"),
        ("POLL_SECRET_A-B", "a-key", "expected a partner's slug"),
        ("ROSTER_MINUTES", "5", "from 15 to 1440"),
    ],
)
def test_what_makes_no_sense_of_a_poll_is_refused_without_its_secret(
    name: str, value: str, expected: str
) -> None:
    with pytest.raises(SettingsError, match=expected) as error:
        read({name: value})
    assert name in str(error.value)
    assert "SECRET" not in name or value not in str(error.value)
