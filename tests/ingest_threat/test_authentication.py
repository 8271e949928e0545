"""The security cases every partner inherits, in every way it can be set to authenticate."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from ingest_threat.authentication import authenticate, check
from ingest_threat.partners import known
from shared.domain.authentication import NEEDED, Scheme
from shared.errors import KeysUnavailable, NotAuthentic, SettingsError
from shared.headers import Headers
from shared.settings import Settings, read
from tests.ingest_threat.credentials import CARRIERS, DATED, ROTATED, credentials, texts
from tests.login_service import LoginService, login_service

BODY = '{"a": "é"}'.encode()
PARTNERS = sorted(known())
SCHEMES = list(Scheme)
GARBAGE = [
    *(
        "",
        " ",
        "null",
        "é",
        "\udcff",
        "\0",
        "\x7f\x80\xff",
        "١٢٣",
        "🙂",
        "x" * 20_000,
        ",",
        ":",
        "=",
        "..",
        "\r\n",
    ),
    *("Bearer ", "Bearer a.b.c", "SharedKey a:b", "v1,AAAA", "whsec_AAAA", "' OR 1=1 --", "${jndi:ldap://x}"),
]

every_partner = pytest.mark.parametrize("partner", PARTNERS)
every_way = pytest.mark.parametrize("scheme", SCHEMES)
every_dated_way = pytest.mark.parametrize("scheme", DATED)


@pytest.fixture
async def login() -> AsyncIterator[LoginService]:
    async with login_service() as service:
        yield service


def settings_for(scheme: Scheme, login: LoginService) -> Settings:
    """All partners authenticate by `scheme`, each with secrets of its own."""
    environment = {"ENTRA_AUTHORITY": login.authority}
    for partner in PARTNERS:
        environment[f"AUTH_{partner.upper()}"] = scheme
        environment |= {f"{field}_{partner}".upper(): text for field, text in texts(scheme, partner).items()}
    settings = read(environment)
    check(settings)
    return settings


async def send(settings: Settings, partner: str, headers: dict[str, str], body: bytes = BODY) -> None:
    await authenticate(settings, partner, Headers(headers), body, datetime.now(UTC))


async def refused(settings: Settings, partner: str, headers: dict[str, str], body: bytes = BODY) -> str:
    with pytest.raises(NotAuthentic) as error:
        await send(settings, partner, headers, body)
    return str(error.value)


@every_partner
@every_way
async def test_a_proof_is_taken_and_so_is_the_one_that_replaces_it(
    partner: str, scheme: Scheme, login: LoginService
) -> None:
    settings = settings_for(scheme, login)
    for place in range(ROTATED):
        await send(settings, partner, credentials(scheme, partner, BODY, login, place=place))


@every_partner
@every_way
async def test_header_names_are_read_without_case(partner: str, scheme: Scheme, login: LoginService) -> None:
    headers = credentials(scheme, partner, BODY, login)
    for turned in (str.upper, str.lower):
        await send(settings_for(scheme, login), partner, {turned(n): v for n, v in headers.items()})


@every_partner
@every_way
async def test_a_secret_that_is_not_set_any_more_is_refused(
    partner: str, scheme: Scheme, login: LoginService
) -> None:
    await refused(
        settings_for(scheme, login), partner, credentials(scheme, partner, BODY, login, place=ROTATED)
    )


@every_partner
@every_way
async def test_no_proof_is_refused(partner: str, scheme: Scheme, login: LoginService) -> None:
    settings = settings_for(scheme, login)
    await refused(settings, partner, {})
    await refused(settings, partner, {"content-type": "application/json", "x-functions-key": "local-only"})


@every_partner
@every_way
async def test_half_a_proof_or_garbage_is_refused(partner: str, scheme: Scheme, login: LoginService) -> None:
    settings = settings_for(scheme, login)
    headers = credentials(scheme, partner, BODY, login)
    for name in CARRIERS[scheme]:
        await refused(settings, partner, {key: value for key, value in headers.items() if key != name})
        right = headers[name]
        broken = (
            f"{right} ",
            f" {right}",
            f"{right}\n",
            f"{right},{right}",
            f"{right}é",
            right[1:],
            right[:-2],
        )
        for value in (*GARBAGE, *broken, right.swapcase() if right.swapcase() != right else ""):
            await refused(settings, partner, {**headers, name: value})


@every_partner
@every_way
async def test_another_partners_proof_is_refused(partner: str, scheme: Scheme, login: LoginService) -> None:
    settings = settings_for(scheme, login)
    for other in PARTNERS:
        if other != partner:
            await refused(settings, partner, credentials(scheme, other, BODY, login))


@every_partner
@every_way
async def test_a_good_proof_of_another_way_is_refused(
    partner: str, scheme: Scheme, login: LoginService
) -> None:
    settings = settings_for(scheme, login)
    for other in SCHEMES:
        if other is not scheme:
            await refused(settings, partner, credentials(other, partner, BODY, login))


@every_partner
@every_dated_way
@pytest.mark.parametrize("minutes", [-62, 16, -525_600, 525_600])
async def test_an_expired_or_far_future_proof_is_refused(
    partner: str, scheme: Scheme, minutes: float, login: LoginService
) -> None:
    await refused(
        settings_for(scheme, login), partner, credentials(scheme, partner, BODY, login, minutes=minutes)
    )


@every_partner
@pytest.mark.parametrize("scheme", [Scheme.WEBHOOK, Scheme.SHARED_KEY])
async def test_a_longer_body_is_another_message(partner: str, scheme: Scheme, login: LoginService) -> None:
    headers = credentials(scheme, partner, BODY, login)
    await refused(settings_for(scheme, login), partner, headers, BODY + b" ")


@every_partner
@every_way
async def test_a_partner_whose_proof_is_not_wholly_set_is_off(
    partner: str, scheme: Scheme, login: LoginService
) -> None:
    headers = credentials(scheme, partner, BODY, login)
    for left_out in NEEDED[scheme]:
        given = {
            field: {partner: text} for field, text in texts(scheme, partner).items() if field != left_out
        }
        settings = Settings(schemes={partner: scheme}, entra_authority=login.authority, **given)
        check(settings)
        said = await refused(settings, partner, headers)
        assert f"{left_out}_{partner}".upper() in said
        assert partner not in settings.able()


@every_partner
@every_way
async def test_the_reason_holds_nothing_of_the_proof(
    partner: str, scheme: Scheme, login: LoginService
) -> None:
    settings = settings_for(scheme, login)
    for headers in (
        credentials(scheme, PARTNERS[partner == PARTNERS[0]], BODY, login),
        credentials(scheme, "x", BODY, login),
    ):
        said = await refused(settings, partner, headers)
        secrets = [headers[name] for name in CARRIERS[scheme] if len(headers[name]) > 20]
        assert not any(secret in said or secret.split()[-1] in said for secret in secrets)


@every_partner
async def test_where_the_key_server_is_down_nobody_is_let_in(partner: str, login: LoginService) -> None:
    headers = credentials(Scheme.ENTRA, partner, BODY, login)
    login.status = 500
    with pytest.raises(KeysUnavailable):
        await send(settings_for(Scheme.ENTRA, login), partner, headers)


async def test_the_header_may_have_another_name(login: LoginService) -> None:
    (secret,) = credentials(Scheme.HEADER, "wandera_jamf", BODY, login).values()
    settings = Settings(
        schemes={"wandera_jamf": Scheme.HEADER},
        header_name={"wandera_jamf": "X-Jamf-Key"},
        header_secrets={"wandera_jamf": secret},
    )
    check(settings)
    await send(settings, "wandera_jamf", {"x-jamf-key": secret})
    await refused(settings, "wandera_jamf", {"X-MTD-Secret": secret})


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("WEBHOOK_SECRETS_LOOKOUT", "whsec_c2hvcnQ=", "5 bytes"),
        ("WEBHOOK_SECRETS_LOOKOUT", "whsec_" + "A" * 32, "different bytes"),
        ("WEBHOOK_SECRETS_LOOKOUT", ",", "at least one"),
        ("HEADER_SECRETS_LOOKOUT", "short-but-not-to-be-said", "24 characters"),
        ("HEADER_SECRETS_LOOKOUT", "ab" * 20, "different characters"),
        ("HEADER_SECRETS_LOOKOUT", ", ,", "at least one"),
        ("HEADER_NAME_LOOKOUT", "Content-Type", "used by HTTP"),
        ("HEADER_NAME_LOOKOUT", "x-functions-key", "used by HTTP or the host"),
        ("ENTRA_TENANT_LOOKOUT", "common", "GUID"),
        ("ENTRA_AUDIENCE_LOOKOUT", "a b", "one audience"),
        ("ENTRA_APP_IDS_LOOKOUT", "zimperium", "GUID"),
        ("ENTRA_APP_IDS_LOOKOUT", ",", "at least one"),
        ("SHARED_KEY_WORKSPACE_LOOKOUT", "a b", "one workspace"),
        ("SHARED_KEYS_LOOKOUT", "c2hvcnQtYnV0LXNlY3JldA==", "16 bytes"),
        ("SHARED_KEYS_LOOKOUT", "AAAA" * 12, "different bytes"),
        ("SHARED_KEYS_LOOKOUT", ",", "at least one"),
    ],
)
def test_a_weak_or_senseless_proof_is_refused_at_start(name: str, text: str, why: str) -> None:
    field = name.removesuffix("_LOOKOUT").lower()
    scheme = next(scheme for scheme, fields in NEEDED.items() if field in (*fields, "header_name"))
    if field == "header_name":
        scheme = Scheme.HEADER
    with pytest.raises(SettingsError, match=f"^{name}: ") as error:
        check(read({"AUTH_LOOKOUT": scheme, name: text}))
    assert why in str(error.value)
    assert "SECRETS" not in name or len(text) < 5 or text not in str(error.value)
    assert "SHARED_KEYS" not in name or len(text) < 5 or text not in str(error.value)


@pytest.mark.parametrize("scheme", ["", "webhook", "entra", "shared_key"])
def test_a_secret_of_a_way_that_is_not_the_partners_is_refused_at_start(scheme: str) -> None:
    secret = "0123456789abcdef" * 2
    with pytest.raises(SettingsError) as error:
        check(read({"AUTH_LOOKOUT": scheme, "HEADER_SECRETS_LOOKOUT": secret}))
    way = scheme or "webhook"
    assert str(error.value) == f"HEADER_SECRETS_LOOKOUT is set, but AUTH_LOOKOUT is {way}"
