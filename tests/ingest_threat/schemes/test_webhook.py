"""Standard Webhooks: signatures, and what is refused with them."""

import base64
import gzip
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from ingest_threat.schemes.webhook import _MAX_SIGNATURES, checked_secrets, verify
from local.partners import authentication
from shared.errors import NotAuthentic, SettingsError
from shared.headers import Headers

SECRET = "whsec_" + base64.b64encode(b"invented secret of thirty-two by").decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(24))).decode()
BODY = '{"a": "é"}'.encode()


NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def signed(
    body: bytes = BODY, *, secret: str = SECRET, age: int = 0, number: str = "msg_1"
) -> dict[str, str]:
    stamp = int(NOW.timestamp()) - age
    signature = Webhook(secret).sign(number, datetime.fromtimestamp(stamp, UTC), body.decode())
    return {"Webhook-Id": number, "webhook-timestamp": str(stamp), "WEBHOOK-SIGNATURE": signature}


def refused(headers: dict[str, str], body: bytes = BODY, secrets: tuple[str, ...] = (SECRET,)) -> str:
    with pytest.raises(NotAuthentic) as error:
        verify(Headers(headers), body, secrets, NOW)
    assert "é" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("age", [0, 290, -290])
def test_a_fresh_signature_is_taken(age: int) -> None:
    verify(Headers(signed(age=age)), BODY, (SECRET,), NOW)


@pytest.mark.parametrize("age", [310, -310, 31_536_000, -31_536_000])
def test_a_stamp_too_far_on_either_side_is_refused(age: int) -> None:
    assert "webhook-timestamp" in refused(signed(age=age))


@pytest.mark.parametrize("secrets", [(OTHER, SECRET), (SECRET, OTHER)])
def test_several_secrets_are_valid_at_once(secrets: tuple[str, ...]) -> None:
    verify(Headers(signed()), BODY, secrets, NOW)
    verify(Headers(signed(secret=OTHER)), BODY, secrets, NOW)


def test_one_of_several_signatures_is_enough() -> None:
    headers = signed()
    headers["WEBHOOK-SIGNATURE"] = f"v1,AAAA v1a,AAAA {headers['WEBHOOK-SIGNATURE']}"
    verify(Headers(headers), BODY, (SECRET,), NOW)


@pytest.mark.parametrize("body", [b"", b"NaN", b'{"a": 1}\n{"a": 2}', b"\xef\xbb\xbf{}"])
def test_the_body_need_not_be_one_json_value(body: bytes) -> None:
    verify(Headers(signed(body)), body, (SECRET,), NOW)


def test_another_body_secret_or_id_is_refused() -> None:
    refused(signed(), BODY + b" ")
    refused(signed(), secrets=(OTHER,))
    refused({**signed(), "Webhook-Id": "msg_2"})


def test_nothing_is_authentic_without_a_secret() -> None:
    assert "no signature" in refused(signed(), secrets=())


def test_the_bytes_are_signed_whatever_they_are() -> None:
    packed = gzip.compress(BODY)
    headers = authentication.signed(SECRET, packed, NOW)
    verify(Headers(headers), packed, (SECRET,), NOW)
    refused(headers, BODY)
    refused(signed(), b"\xff")


@pytest.mark.parametrize("name", ["Webhook-Id", "webhook-timestamp", "WEBHOOK-SIGNATURE"])
def test_a_missing_or_empty_header_is_refused(name: str) -> None:
    headers = signed()
    assert "missing" in refused({**headers, name: ""})
    del headers[name]
    assert "missing" in refused(headers)


@pytest.mark.parametrize("number", ["msg.1", "x" * 257, "msg 1", "msgé", "msg\n1"])
def test_an_odd_id_is_refused_though_signed(number: str) -> None:
    assert "webhook-id" in refused(signed(number=number))


@pytest.mark.parametrize(
    "spell",
    [
        lambda s: s + ".0",
        lambda s: f" {s}",
        lambda s: f"+{s}",
        lambda s: f"0{s}",
        lambda s: f"{s}\n",
        lambda s: s[0] + "_" + s[1:],
        lambda s: s.replace("1", "١"),
        lambda s: f"{float(s):e}",
        lambda s: "nan",
        lambda s: "inf",
        lambda s: "1e400",
        lambda s: "9" * 400,
        lambda s: "99999999999",
    ],
)
def test_a_timestamp_is_plain_digits(spell: Callable[[str], str]) -> None:
    headers = signed()
    headers["webhook-timestamp"] = spell(headers["webhook-timestamp"])
    refused(headers)


@pytest.mark.parametrize(
    "signature",
    [
        "v1",
        "v1,",
        "v1,é",
        "v1,a,b",
        "v1,a",
        "v2,AAAA",
        ",",
        " ",
        "v1,AAAA  v1,AAAA",
        "v1,====",
        "AAAA",
        "v1,AAA\n",
        " ".join(["v1,AAAA"] * 30),
        "v1," + "A" * 100000,
    ],
)
def test_a_malformed_signature_is_refused(signature: str) -> None:
    refused({**signed(), "WEBHOOK-SIGNATURE": signature})


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=24), st.binary(max_size=12))
def test_only_not_authentic_escapes(number: str, stamp: str, signature: str, body: bytes) -> None:
    headers = {"webhook-id": number, "webhook-timestamp": stamp, "webhook-signature": signature}
    refused(headers, body)
    refused({**signed(), "WEBHOOK-SIGNATURE": f"v1,{signature}"})


def test_secrets_are_parted_by_space_and_commas() -> None:
    assert checked_secrets(f" {SECRET},\n{OTHER} {SECRET}") == (SECRET, OTHER)
    assert checked_secrets("") == checked_secrets(" ,\n") == ()
    unpadded = SECRET.rstrip("=")
    assert checked_secrets(unpadded) == (unpadded,)
    verify(Headers(signed()), BODY, checked_secrets(unpadded), NOW)


@pytest.mark.parametrize(("length", "fits"), [(23, False), (24, True), (64, True), (65, False)])
def test_a_secret_is_24_to_64_bytes(length: int, fits: bool) -> None:
    secret = "whsec_" + base64.b64encode(bytes(range(length))).decode()
    if fits:
        assert checked_secrets(secret) == (secret,)
    else:
        with pytest.raises(SettingsError, match=f"secret 1 of 1 is {length} bytes long: expected 24 to 64$"):
            checked_secrets(secret)


@pytest.mark.parametrize("secret", ["plain-words", "whsec_", "whsec_ab-_" + "x" * 40, "WHSEC_" + "A" * 32])
def test_a_setting_that_makes_no_sense_is_reported_without_quoting_it(secret: str) -> None:
    with pytest.raises(SettingsError, match=r"^secret 2 of 2 is not whsec_ followed by base64") as error:
        checked_secrets(f"{SECRET} {secret}")
    assert secret.removeprefix("whsec_") == "" or secret not in str(error.value)
    with pytest.raises(SettingsError, match="cut off"):
        checked_secrets("whsec_" + "A" * 33)


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Webhook-Id": "a.b"}, "webhook-id is not 1 to 256 visible ASCII characters without a dot"),
        ({"webhook-timestamp": "1e9"}, "webhook-timestamp is not plain digits"),
        ({"WEBHOOK-SIGNATURE": "v1;AAAA"}, "webhook-signature is not a list of v1,<base64>"),
        (
            {"WEBHOOK-SIGNATURE": "v1,AAAA"},
            "no signature is of one of the secrets, for this id, time and body",
        ),
    ],
)
def test_what_is_wrong_is_said_in_words(headers: dict[str, str], why: str) -> None:
    assert refused({**signed(), **headers}) == why


@pytest.mark.parametrize("age", [300, -300])
def test_a_stamp_is_taken_up_to_five_minutes_on_either_side(age: int) -> None:
    verify(Headers(signed(age=age)), BODY, (SECRET,), NOW)
    assert "webhook-timestamp" in refused(signed(age=age + (1 if age > 0 else -1)))


def test_a_list_of_signatures_is_bounded() -> None:
    good = signed()["WEBHOOK-SIGNATURE"]
    most = " ".join(["v1,AAAA"] * (_MAX_SIGNATURES - 1) + [good])
    verify(Headers({**signed(), "WEBHOOK-SIGNATURE": most}), BODY, (SECRET,), NOW)
    assert "is not a list" in refused({**signed(), "WEBHOOK-SIGNATURE": f"v1,AAAA {most}"})


def test_a_secret_of_few_different_bytes_is_none() -> None:
    enough = "whsec_" + base64.b64encode(bytes(range(8)) * 3).decode()
    assert checked_secrets(enough) == (enough,)
    with pytest.raises(SettingsError, match="fewer than 8 different bytes"):
        checked_secrets("whsec_" + base64.b64encode(bytes(range(7)) * 4).decode())
