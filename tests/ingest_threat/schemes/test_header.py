"""A secret in a header: what fits, and which names and secrets are too weak to be set."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_threat.schemes.header import DEFAULT_NAME, checked_name, checked_secrets, verify
from shared.errors import NotAuthentic, SettingsError
from shared.headers import Headers

SECRET = "an-invented-secret/of.forty+letters=12345"
OTHER = "another.invented.secret~0123456789abcdefg"


@pytest.mark.parametrize("name", ["X-MTD-Secret", "x-mtd-secret", "X-MTD-SECRET"])
def test_the_secret_in_its_header_proves_the_sender(name: str) -> None:
    verify(Headers({"other": "x", name: SECRET}), DEFAULT_NAME, (SECRET,))
    verify(Headers({"other": "x", "x-mtd-secret": SECRET}), name, (SECRET,))


@pytest.mark.parametrize("secrets", [(SECRET, OTHER), (OTHER, SECRET)])
def test_several_secrets_are_valid_at_once(secrets: tuple[str, ...]) -> None:
    verify(Headers({DEFAULT_NAME: SECRET}), DEFAULT_NAME, secrets)
    verify(Headers({DEFAULT_NAME: OTHER}), DEFAULT_NAME, secrets)


@pytest.mark.parametrize(
    "value",
    [
        *(f" {SECRET}", f"{SECRET} ", f"{SECRET},{SECRET}", SECRET.upper(), SECRET[:-1], f"{SECRET}x"),
        *(f"Bearer {SECRET}", f"{SECRET}\n", f"{SECRET}\0", "é" * 40, "\udcff" * 40, OTHER),
    ],
)
def test_anything_else_is_refused(value: str) -> None:
    with pytest.raises(NotAuthentic) as refused:
        verify(Headers({DEFAULT_NAME: value}), DEFAULT_NAME, (SECRET,))
    assert str(refused.value) == "the header holds none of the secrets"


@pytest.mark.parametrize("headers", [{}, {DEFAULT_NAME: ""}])
def test_a_missing_or_empty_header_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(NotAuthentic, match=r"^the header with the secret is missing$"):
        verify(Headers(headers), DEFAULT_NAME, (SECRET,))


def test_another_header_is_not_looked_at() -> None:
    with pytest.raises(NotAuthentic, match="missing"):
        verify(Headers({"X-Other": SECRET}), DEFAULT_NAME, (SECRET,))
    verify(Headers({"X-Other": SECRET}), "X-Other", (SECRET,))


def test_nothing_fits_where_there_is_no_secret() -> None:
    with pytest.raises(NotAuthentic):
        verify(Headers({DEFAULT_NAME: SECRET}), DEFAULT_NAME, ())


def test_a_letter_that_cannot_be_encoded_stands_for_no_other() -> None:
    secret = SECRET.replace("-", "?")
    with pytest.raises(NotAuthentic):
        verify(Headers({DEFAULT_NAME: secret.replace("?", "\udcff")}), DEFAULT_NAME, (secret,))


@given(st.text())
def test_only_not_authentic_escapes(value: str) -> None:
    with pytest.raises(NotAuthentic):
        verify(Headers({DEFAULT_NAME: value}), DEFAULT_NAME, (SECRET,))


@pytest.mark.parametrize("name", ["X-MTD-Secret", "X-Client-Secret", "Jamf-Token", "Webhook-Secret", "a"])
def test_a_header_of_ones_own_may_carry_the_secret(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Host",
            "Content-Type",
            "CONTENT-LENGTH",
            "x-functions-key",
            "X-Functions-ClientId",
            "Authorization",
        ),
        *("Connection", "Transfer-Encoding", "Cookie", "X-Forwarded-For", "x-ms-date", "X-ARR-SSL", "Accept"),
        *("traceparent", "If-Match", "Sec-Fetch-Mode", "Proxy-Authorization", "User-Agent", "Upgrade"),
    ],
)
def test_a_header_that_http_or_the_host_uses_is_refused(name: str) -> None:
    with pytest.raises(
        SettingsError, match=r"^this header is used by HTTP or the host: expected one of your own$"
    ):
        checked_name(name)


@pytest.mark.parametrize("name", ["", "X MTD", "X-MTD:", "X_MTD", "-X", "Xé", "X\nY", "X" * 65, "1X"])
def test_what_is_no_name_of_a_header_is_refused(name: str) -> None:
    with pytest.raises(
        SettingsError, match=r"^expected the name of a header: letters, digits and hyphens, at most 64$"
    ):
        checked_name(name)


def test_a_secret_has_32_characters_and_8_different_ones() -> None:
    assert checked_secrets("abcdefgh" * 4) == ("abcdefgh" * 4,)
    assert checked_secrets(f"{SECRET} {OTHER}") == (SECRET, OTHER)


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("abcdefgh" * 3 + "abcdefg", "is 31 characters long: expected at least 32"),
        ("abcdefg" * 8, "fewer than 8 different characters"),
        ("x" * 64, "fewer than 8 different characters"),
        (SECRET + "é", "no visible ASCII"),
        (SECRET + "\x7f", "no visible ASCII"),
    ],
)
def test_a_weak_secret_is_reported_without_quoting_it(secret: str, why: str) -> None:
    with pytest.raises(SettingsError, match=f"^secret 2 of 2 .*{why}") as error:
        checked_secrets(f"{OTHER} {secret}")
    assert secret not in str(error.value)
