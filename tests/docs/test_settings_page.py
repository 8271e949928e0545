"""The table of settings: each setting the code reads, once, with the limits and the default the code has."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from evaluate_risk.guard import MAX_ENTRIES
from infra.azd import REFERENCE
from infra.snapshot import given
from ingest_threat.schemes import header, webhook
from local.stack import PORTS
from shared.domain.authentication import Scheme
from shared.errors import SettingsError
from shared.settings import read
from shared.static_secret import MIN_DISTINCT, MIN_LETTERS
from tests.infra import code
from tests.infra.promises.app_settings import NEVER_SET, OF_THE_CLOUD, PLATFORM

PAGE = (code.ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
READ = code.settings_read()
ROWS = {
    name: (takes, default)
    for name, _, takes, default in re.findall(
        r"^\| `([\w<>]+)` \| (.+) \| (.+) \| (.+) \|$", PAGE.replace("<NAME>", "<SLUG>"), re.MULTILINE
    )
}
OTHERS = re.findall(r"^\| (`[^|]+) \| [^|]+ \|$", PAGE, re.MULTILINE)
FAMILIES = {"WORDS_": "WORDS_<SLUG>_<SLUG>"}
"""How a family of settings is written, where it is not its beginning and a slug."""
ADMINS = {"ADMIN_TENANT": "7e0a1f64-3c58-4b9d-8f21-6d5c4b3a2910", "ADMIN_AUDIENCE": "api://mtd-connector"}
CANARY = {
    "CANARY_DEVICE": ADMINS["ADMIN_TENANT"],
    "CANARY_USER": ADMINS["ADMIN_TENANT"],
    "CANARY_PARTNER": "lookout",
    "PUBLIC_URL": "https://example.com",
    "WEBHOOK_SECRETS_LOOKOUT": "whsec_some",
}
SAMPLES: Mapping[str, Mapping[str, str]] = {
    "PARTNERS_IOS": {"PARTNERS_IOS": "lookout"},
    "PARTNERS_ANDROID": {"PARTNERS_ANDROID": "lookout"},
    "PREFERRED_PARTNER_IOS": {"PARTNERS_IOS": "lookout", "PREFERRED_PARTNER_IOS": "lookout"},
    "PREFERRED_PARTNER_ANDROID": {"PARTNERS_ANDROID": "lookout", "PREFERRED_PARTNER_ANDROID": "lookout"},
    **dict.fromkeys(ADMINS, ADMINS),
    **dict.fromkeys(("CANARY_DEVICE", "CANARY_USER", "CANARY_PARTNER", "PUBLIC_URL"), CANARY),
    "ACCESS_EXCLUSIONS": {"ACCESS_EXCLUSIONS": "guests"},
    "COSMOS__accountEndpoint": {"COSMOS__accountEndpoint": "https://example.com"},
    "COSMOS": {"COSMOS": "AccountEndpoint=https://example.com;AccountKey=none;"},
}
"""An environment that sets each setting without a default, with what it needs beside it."""


def _family(prefix: str) -> str:
    return FAMILIES.get(prefix, f"{prefix}<SLUG>")


def test_every_setting_the_code_reads_stands_there_once_and_no_other() -> None:
    rows = re.findall(r"^\| `([\w<>]+)` \| .+ \| .+ \| .+ \|$", PAGE, re.MULTILINE)
    assert len(rows) == len(set(rows)) == len(ROWS)
    expected = {*READ.names, *code.settings_of_bindings(), *map(_family, READ.prefixes)}
    assert ROWS.keys() == expected


def test_what_others_read_is_what_the_platform_and_the_stand_ins_read() -> None:
    named = [name for cell in OTHERS for name in re.findall(r"`(\w+)`", cell)]
    local = {*PORTS, "LOCAL_FUNCTION_KEY", "IDENTITY_ENDPOINT", "IDENTITY_HEADER"}
    assert sorted(named) == sorted({*PLATFORM, "COSMOS__credential", "COSMOS__clientId", *local})
    for name, port in PORTS.items():
        assert str(port) in PAGE, name


@pytest.mark.parametrize("name", sorted(READ.names))
def test_the_limits_are_those_of_the_code(name: str) -> None:
    takes, _ = ROWS[name]
    try:
        read({name: "?"})
    except SettingsError as error:
        refusal = str(error)
    else:
        refusal = ""
    if number := re.search(r"expected a whole number from (\d+) to (\d+)", refusal):
        assert takes.replace(",", "") == f"{number[1]} to {number[2]}"
        for within in number.groups():
            read({name: within})
    elif words := re.search(r"expected ((?:\w+, )*\w+ or \w+)$", refusal):
        assert takes == ", ".join(f"`{word}`" for word in re.split(", | or ", words[1]))
    else:
        assert not re.search(r"\d to \d|`, `", takes)


@pytest.mark.parametrize("name", sorted(READ.names))
def test_the_default_is_the_codes(name: str) -> None:
    _, default = ROWS[name]
    if stated := re.fullmatch("`([^`]+)`", default):
        assert read({name: stated[1]}) == read({})
        assert name not in SAMPLES
        return
    given = read(SAMPLES[name])
    assert given != read({})
    unset: dict[str, Any] = {**dict(read({}))}
    assert all(_is_empty(unset[field]) for field, value in dict(given).items() if value != unset[field])


def _is_empty(value: object) -> bool:
    return not value or (isinstance(value, dict) and not any(value.values()))


def test_the_defaults_of_a_partners_settings_are_the_codes() -> None:
    stated = {name: default.strip("`") for name, (_, default) in ROWS.items() if default.startswith("`")}
    families = {name: default for name, default in stated.items() if "<" in name}
    assert families == {
        "AUTH_<SLUG>": read({}).scheme("anybody").value,
        "HEADER_NAME_<SLUG>": header.DEFAULT_NAME,
    }
    assert ROWS["AUTH_<SLUG>"][0] == ", ".join(f"`{scheme}`" for scheme in Scheme)


def test_the_strength_of_secrets_is_what_the_code_asks_for() -> None:
    plain = f"at least {MIN_LETTERS} characters of visible ASCII, {MIN_DISTINCT} different"
    assert plain in ROWS["HEADER_SECRETS_<SLUG>"][0]
    assert plain in ROWS["READ_KEY_<SLUG>"][0]
    length = webhook.SECRET_BYTES
    signed = f"base64 of {length.start} to {length.stop - 1} bytes, {webhook.MIN_DISTINCT} different"
    assert signed in ROWS["WEBHOOK_SECRETS_<SLUG>"][0]
    assert f"never more than {MAX_ENTRIES:,}" in PAGE


def test_every_setting_that_azd_does_not_give_is_named_as_one() -> None:
    values = given(code.ROOT / "infra").values()
    variables = {name for value in values for name, _ in REFERENCE.findall(str(value))}
    left = (READ.names | code.settings_of_bindings()) - variables
    said = PAGE.partition("The template works out")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", said)) == left
    assert left <= {*OF_THE_CLOUD, *NEVER_SET, "COSMOS__accountEndpoint"}
