"""Bearer tokens: what a good one says, and every way to a bad one."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from shared.access import ADMIN_ROLE
from shared.entra import Caller, Expected, bearer, verified
from shared.errors import KeysUnavailable, NotAuthentic
from shared.headers import Headers
from tests.login_service import APP, AUDIENCE, PERSON, LoginService, login_service, private_key, published
from tests.world import TENANT_ID

OTHER_TENANT = "99999999-9999-4999-8999-999999999999"


@pytest.fixture
async def login() -> AsyncIterator[LoginService]:
    async with login_service() as service:
        yield service


def expected(login: LoginService, **changed: Any) -> Expected:
    values: dict[str, Any] = {
        "tenant": TENANT_ID,
        "audience": AUDIENCE,
        "roles": frozenset({"Mtd.Report.Write"}),
    }
    return Expected(authority=login.authority, **{**values, "app_ids": frozenset({APP}), **changed})


async def refused(login: LoginService, token: str, **changed: Any) -> str:
    with pytest.raises(NotAuthentic) as error:
        await verified(token, expected(login, **changed))
    assert token not in str(error.value)
    return str(error.value)


async def test_a_token_of_version_2_says_who_calls(login: LoginService) -> None:
    caller = await verified(login.token(), expected(login))
    assert caller == Caller(PERSON, APP, "Some One", frozenset({"Mtd.Admin", "Mtd.Report.Write"}))


async def test_a_token_of_version_1_does_too(login: LoginService) -> None:
    issuer = f"https://sts.windows.net/{TENANT_ID}/"
    token = login.token(iss=issuer, azp=None, appid=APP.upper(), ver="1.0", name=None)
    caller = await verified(token, expected(login))
    assert (caller.app_id, caller.name) == (APP, PERSON)


async def test_a_name_that_cannot_be_stored_is_kept_without_what_cannot(login: LoginService) -> None:
    caller = await verified(login.token(name="Some \ud800 One", deep={"a": ["\udfff"]}), expected(login))
    assert caller.who == f"Some \ufffd One ({PERSON})"
    caller.who.encode()


async def test_any_client_will_do_where_none_is_named_and_none_where_the_list_is_empty(
    login: LoginService,
) -> None:
    await verified(login.token(azp=PERSON), expected(login, app_ids=None))
    await refused(login, login.token(), app_ids=frozenset())


@pytest.mark.parametrize("minutes", [0.9, -60.9])
async def test_clocks_may_be_a_minute_apart(login: LoginService, minutes: float) -> None:
    await verified(login.token(minutes=minutes), expected(login))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"minutes": -61.2}, "ExpiredSignature"),
        ({"minutes": 1.2}, "ImmatureSignature"),
        ({"minutes": 525_600}, "ImmatureSignature"),
        ({"exp": None}, "MissingRequiredClaim"),
        ({"nbf": None}, "MissingRequiredClaim"),
        ({"exp": "soon"}, "DecodeError"),
        ({"exp": float("inf")}, "DecodeError"),
        ({"nbf": float("nan")}, ""),
        ({"iss": "https://login.microsoftonline.com/common/v2.0"}, "InvalidIssuer"),
        ({"iss": f"https://sts.windows.net/{TENANT_ID}"}, "InvalidIssuer"),
        ({"iss": f"https://sts.windows.net/{OTHER_TENANT}/"}, "InvalidIssuer"),
        ({"iss": None}, "MissingRequiredClaim"),
        ({"tenant": OTHER_TENANT}, "InvalidIssuer"),
        ({"tid": OTHER_TENANT}, "another tenant"),
        ({"tid": None}, "MissingRequiredClaim"),
        ({"aud": "https://graph.microsoft.com"}, "InvalidAudience"),
        ({"aud": AUDIENCE.upper()}, "InvalidAudience"),
        ({"aud": [AUDIENCE, "https://graph.microsoft.com"]}, "InvalidAudience"),
        ({"aud": None}, "MissingRequiredClaim"),
        ({"azp": OTHER_TENANT}, "another client"),
        ({"azp": None}, "no access token"),
        ({"appid": OTHER_TENANT}, "no access token"),
        ({"oid": None}, "MissingRequiredClaim"),
        ({"oid": ["x"]}, "no access token"),
        ({"roles": None}, "lacks the role"),
        ({"roles": []}, "lacks the role"),
        ({"roles": "Mtd.Report.Write"}, "lacks the role"),
        ({"roles": ["Mtd.Admin", "mtd.report.write"]}, "lacks the role"),
        ({"roles": None, "scp": "Mtd.Report.Write"}, "lacks the role"),
        ({"key": "unpublished"}, "does not publish"),
        ({"key": "unpublished", "headers": {"kid": "first"}}, "InvalidSignature"),
        ({"headers": {"kid": None}}, "names no key|InvalidToken"),
        ({"headers": {"kid": ""}}, "names no key"),
        ({"headers": {"crit": ["exp"]}}, "InvalidToken"),
    ],
)
async def test_a_token_that_is_not_all_that_is_expected_is_refused(
    login: LoginService, changed: dict[str, Any], why: str
) -> None:
    token = login.token(**changed) if changed.get("headers") != {"kid": None} else _without_key_id(login)
    found = await refused(login, token)
    assert any(each in found for each in why.split("|"))


def _without_key_id(login: LoginService) -> str:
    return jwt.encode(login.claims(), private_key("first"), "RS256")


async def test_a_token_signed_by_nobody_is_refused(login: LoginService) -> None:
    unsigned = jwt.encode(login.claims(), "", "none", {"kid": "first"})
    header, payload, _ = login.token().split(".")
    none = unsigned.split(".")[0]
    for token in (unsigned, f"{none}.{payload}.AAAA", f"{header}.{payload}.", f"{header}.{payload}.AAAA"):
        await refused(login, token)
    for alg in ("None", "NONE", "nOnE", "", None, 0, ["RS256"]):
        await refused(login, f"{_encoded({'alg': alg, 'kid': 'first'})}.{payload}.AAAA")


async def test_the_public_key_is_no_secret_to_sign_with(login: LoginService) -> None:
    """HS256 keyed by the key the tenant publishes: the classic confusion of algorithms."""
    public = private_key("first").public_key()
    for form in (Encoding.PEM, Encoding.DER):
        secret = public.public_bytes(form, PublicFormat.SubjectPublicKeyInfo)
        payload = login.token().split(".")[1]
        signing = f"{_encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': 'first'})}.{payload}"
        signature = jwt.get_algorithm_by_name("HS256").sign(signing.encode(), secret)
        assert "RS256" in await refused(login, f"{signing}.{_base64(signature)}")


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
async def test_another_algorithm_is_refused_though_the_key_is_right(
    login: LoginService, algorithm: str
) -> None:
    token = jwt.encode(login.claims(), private_key("first"), algorithm, {"kid": "first"})
    assert "RS256" in await refused(login, token)


async def test_a_key_the_token_brings_along_is_not_used(login: LoginService) -> None:
    headers = {"jwk": published("own"), "jku": "http://127.0.0.1:1/keys", "x5u": "http://127.0.0.1:1/x"}
    await refused(login, login.token(key="own", headers=headers))
    await refused(login, login.token(key="own", headers={**headers, "kid": "first"}))
    assert set(login.asked) == {f"/{TENANT_ID}/discovery/v2.0/keys"}


async def test_a_changed_claim_breaks_the_signature(login: LoginService) -> None:
    header, _, signature = login.token(roles=[]).split(".")
    assert "InvalidSignature" in await refused(login, f"{header}.{_encoded(login.claims())}.{signature}")


async def test_a_key_that_is_too_short_proves_nothing(login: LoginService) -> None:
    login.publish(published("short", 1024))
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = jwt.encode(login.claims(), private_key("short", 1024), "RS256", {"kid": "short"})
    await refused(login, token)


async def test_a_secret_among_the_published_keys_is_no_key(login: LoginService) -> None:
    oct_key = {"kty": "oct", "kid": "secret", "k": _base64(b"s" * 32), "use": "sig"}
    login.publish(published("first"), oct_key)
    await verified(login.token(), expected(login))
    token = jwt.encode(login.claims(), b"s" * 32, "HS256", {"kid": "secret"})
    await refused(login, token)


async def test_without_the_keys_nobody_is_answered_yes_or_no(login: LoginService) -> None:
    login.status = 500
    with pytest.raises(KeysUnavailable) as error:
        await verified(login.token(), expected(login))
    assert error.value.retry_after > 0
    with pytest.raises(KeysUnavailable):
        await verified(login.token(key="unpublished"), expected(login))


def test_a_bearer_token_is_taken_from_its_header_in_any_case() -> None:
    assert (
        bearer(Headers({"AUTHORIZATION": "bearer a.b.c"}))
        == bearer(Headers({"Authorization": "Bearer a.b.c"}))
        == "a.b.c"
    )


@pytest.mark.parametrize(
    "value",
    [
        *("", "Bearer", "Bearer ", "a.b.c", "Basic a.b.c", "Bearer a.b", "Bearer a.b.", "Bearer a..c"),
        *("Bearer a.b.c.d", "Bearer  a.b.c", "Bearer a.b.c ", "Bearer a.b.c\n", "Bearer a.b.c,Bearer a.b.c"),
        *(
            "Bearer é.b.c",
            "Bearer \udcff.b.c",
            "Bearer ١.b.c",
            "Bearer a.b." + "c" * 20_000,
            "\0",
            "Bearer\ta.b.c",
        ),
    ],
)
def test_any_other_form_is_refused(value: str) -> None:
    with pytest.raises(NotAuthentic):
        bearer(Headers({"Authorization": value}))


@given(st.text())
def test_only_not_authentic_escapes_a_header(value: str) -> None:
    with pytest.raises(NotAuthentic):
        bearer(Headers({"Authorization": value}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
HEADERS = st.fixed_dictionaries(
    {}, optional={"alg": st.sampled_from(["RS256", "none"]) | JSON, "kid": JSON, "crit": JSON, "b64": JSON}
)


@given(HEADERS | JSON, JSON | st.binary(max_size=20))
async def test_only_refusals_escape_a_token(header: Any, payload: Any) -> None:
    nowhere = Expected("http://127.0.0.1:9", TENANT_ID, AUDIENCE, frozenset({ADMIN_ROLE}))
    second = _base64(payload) if isinstance(payload, bytes) else _encoded(payload)
    with pytest.raises((NotAuthentic, KeysUnavailable)):
        await verified(f"{_encoded(header)}.{second or 'e30'}.AAAA", nowhere)


@pytest.mark.parametrize("header", [b"[" * 6000, b"{}", b'{"alg":"RS256","alg":"none"}', b"\xff\xfe", b'"x"'])
async def test_odd_headers_of_a_token_are_refused(login: LoginService, header: bytes) -> None:
    await refused(login, f"{_base64(header)}.e30.AAAA")


def _encoded(value: object) -> str:
    return _base64(json.dumps(value).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
