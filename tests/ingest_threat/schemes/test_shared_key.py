"""The Data Collector's shared key: a known signature, the window, and what is refused."""

import base64
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_threat.schemes.shared_key import checked_keys, checked_workspace, signature, verify
from shared.errors import NotAuthentic, SettingsError
from shared.headers import Headers

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
WORKSPACE = "0f0e0d0c-0000-4000-8000-0a0b0c0d0e0f"
KEY, OTHER = bytes(range(64)), bytes(range(100, 132))
BODY = '[{"ThreatId": 7, "ThreatTitle": "é"}]'.encode()


def signed(
    body: bytes = BODY, *, key: bytes = KEY, minutes: float = 0, workspace: str = WORKSPACE
) -> dict[str, str]:
    date = format_datetime(NOW + timedelta(minutes=minutes), usegmt=True)
    text = f"POST\n{len(body)}\napplication/json\nx-ms-date:{date}\n/api/logs"
    return {
        "Authorization": f"SharedKey {workspace}:{signature(key, text.encode())}",
        "X-Ms-Date": date,
        "Log-Type": "BetterMTDIncidentLog",
    }


def refused(headers: dict[str, str], body: bytes = BODY, keys: tuple[bytes, ...] = (KEY,)) -> str:
    with pytest.raises(NotAuthentic) as error:
        verify(Headers(headers), body, WORKSPACE, keys, NOW)
    return str(error.value)


def test_a_message_signed_elsewhere_is_taken() -> None:
    """Signed with `openssl dgst -sha256 -mac HMAC`: 38 bytes, the text as the API's page has it."""
    headers = {
        "authorization": f"SharedKey {WORKSPACE}:/7VGOCo2u25GK+0VgOAA1ea3A7co+8qNCneVPcv73uY=",
        "x-ms-date": "Mon, 01 Jun 2026 12:00:00 GMT",
    }
    verify(Headers(headers), BODY, WORKSPACE, (KEY,), NOW)


@pytest.mark.parametrize("minutes", [0, 15, -15])
def test_a_fresh_signature_is_taken(minutes: float) -> None:
    verify(Headers(signed(minutes=minutes)), BODY, WORKSPACE, (KEY,), NOW)


@pytest.mark.parametrize("minutes", [15.1, -15.1, 525_600, -525_600])
def test_a_date_too_far_on_either_side_is_refused(minutes: float) -> None:
    assert refused(signed(minutes=minutes)) == "x-ms-date is more than 15 minutes from now"


@pytest.mark.parametrize("keys", [(OTHER, KEY), (KEY, OTHER)])
def test_several_keys_are_valid_at_once(keys: tuple[bytes, ...]) -> None:
    verify(Headers(signed()), BODY, WORKSPACE, keys, NOW)
    verify(Headers(signed(key=OTHER)), BODY, WORKSPACE, keys, NOW)


def test_the_workspace_is_compared_without_case() -> None:
    verify(Headers(signed(workspace=WORKSPACE.upper())), BODY, WORKSPACE, (KEY,), NOW)


def test_another_key_workspace_length_or_date_is_refused() -> None:
    said = {
        refused(signed(key=OTHER)),
        refused(signed(), keys=()),
        refused(signed(workspace="0f0e0d0c-0000-4000-8000-000000000000")),
        refused(signed(), BODY + b" "),
        refused({**signed(), "X-Ms-Date": signed(minutes=1)["X-Ms-Date"]}),
    }
    assert said == {"the signature is of another workspace, key, length or date"}


def test_the_date_is_read_in_gmt_whatever_time_the_machine_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "<-07>7")
        time.tzset()
        verify(Headers(signed()), BODY, WORKSPACE, (KEY,), NOW)
    time.tzset()


def test_the_body_itself_is_not_signed_only_its_length() -> None:
    verify(Headers(signed()), b"x" * len(BODY), WORKSPACE, (KEY,), NOW)


@pytest.mark.parametrize(
    "date",
    [
        *("", "2026-06-01T12:00:00Z", "Mon, 01 Jun 2026 12:00:00 +0000", "Tue, 01 Jun 2026 12:00:00 GMT"),
        *("Mon, 1 Jun 2026 12:00:00 GMT", "Mon, 01 Jun 26 12:00:00 GMT", "Mon, 01 Jun 2026 25:00:00 GMT"),
        *("Mon, 01 Abc 2026 12:00:00 GMT", "Mon, 01 Jun 0026 12:00:00 GMT", "Mon, 01 Jun 0000 12:00:00 GMT"),
        *("Mon, 01 Jun 2026 12:00:00 GMT\n", "Mon, ٠١ Jun 2026 12:00:00 GMT", "1780315200", "\udcff"),
        *("Mon, 99 Jun 2026 12:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 +2359"),
        *("Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 01 Jun 2026 12:00:00"),
    ],
)
def test_only_an_rfc_1123_date_is_taken_though_signed(date: str) -> None:
    text = f"POST\n{len(BODY)}\napplication/json\nx-ms-date:{date}\n/api/logs"
    sign = signature(KEY, text.encode("utf-8", "surrogatepass"))
    said = refused({"Authorization": f"SharedKey {WORKSPACE}:{sign}", "x-ms-date": date})
    assert said == "x-ms-date is no RFC 1123 date in GMT"


@pytest.mark.parametrize(
    "spell",
    [
        *("SharedKey", "SharedKey ", "SharedKey :", "SharedKeyLite {right}", "sharedkey {right}", "{right}"),
        *(
            "SharedKey  {right}",
            "SharedKey {right} ",
            "SharedKey {right}\n",
            "SharedKey {right},SharedKey {right}",
        ),
        *(
            "SharedKey {workspace}:",
            "SharedKey {workspace}:AAAA",
            "Bearer {right}",
            "SharedKey é:{sign}",
            "é",
        ),
        *("SharedKey {workspace}:{unpadded}", "SharedKey {workspace}:{sign}:{sign}", "\udcff"),
    ],
)
def test_a_malformed_authorization_is_refused(spell: str) -> None:
    right = signed()["Authorization"].removeprefix("SharedKey ")
    workspace, sign = right.split(":")
    words = {"right": right, "workspace": workspace, "sign": sign, "unpadded": sign.rstrip("=")}
    said = refused({**signed(), "Authorization": spell.format(**words)})
    assert said == "authorization is not SharedKey <workspace>:<signature>"


@pytest.mark.parametrize("name", ["Authorization", "X-Ms-Date"])
def test_a_missing_or_empty_header_is_refused(name: str) -> None:
    headers = signed()
    refused({**headers, name: ""})
    del headers[name]
    refused(headers)


@given(st.text(), st.text())
def test_only_not_authentic_escapes(authorization: str, date: str) -> None:
    refused({"authorization": authorization, "x-ms-date": date})
    refused({**signed(), "X-Ms-Date": date})
    refused({**signed(), "Authorization": authorization})


def test_keys_are_base64_of_32_bytes_or_more() -> None:
    text = f"{base64.b64encode(KEY).decode()},{base64.b64encode(OTHER).decode()}"
    assert checked_keys(text) == (KEY, OTHER)
    assert checked_keys(" , ") == ()
    plain = bytes(range(8)) * 4
    assert checked_keys(base64.b64encode(plain).decode()) == (plain,)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (base64.b64encode(bytes(range(31))).decode(), "is 31 bytes long: expected at least 32"),
        (base64.b64encode(bytes(64)).decode(), "holds fewer than 8 different bytes"),
        (base64.b64encode(bytes(range(7)) * 5).decode(), "holds fewer than 8 different bytes"),
        (base64.b64encode(KEY).decode().rstrip("="), "is not base64 with its padding"),
        ("p/a-s_s" * 8, "is not base64 with its padding"),
        ("é" * 44, "is not base64 with its padding"),
    ],
)
def test_a_weak_key_is_reported_without_quoting_it(key: str, why: str) -> None:
    with pytest.raises(SettingsError) as error:
        checked_keys(f"{base64.b64encode(OTHER).decode()} {key}")
    assert str(error.value) == f"key 2 of 2 {why}"


def test_a_workspace_is_one_plain_id() -> None:
    assert checked_workspace(WORKSPACE) == WORKSPACE
    for text in ("", "two words", "é", "a:b", "x" * 65):
        with pytest.raises(
            SettingsError, match=r"^expected one workspace id: letters, digits and hyphens, at"
        ):
            checked_workspace(text)
