"""Which partners can authenticate, and what is missing where one cannot."""

import pytest

from shared.domain.authentication import FIELDS, NEEDED, OPTIONAL, AuthenticationSettings, Scheme, setting


def test_a_partner_signs_webhooks_unless_another_way_is_set() -> None:
    settings = AuthenticationSettings(schemes={"better_mobile": Scheme.SHARED_KEY})
    assert settings.scheme("better_mobile") is Scheme.SHARED_KEY
    assert settings.scheme("lookout") is Scheme.WEBHOOK
    assert settings.missing("lookout") == ("WEBHOOK_SECRETS_LOOKOUT",)
    assert settings.missing("better_mobile") == (
        "SHARED_KEY_WORKSPACE_BETTER_MOBILE",
        "SHARED_KEYS_BETTER_MOBILE",
    )


@pytest.mark.parametrize("scheme", list(Scheme))
def test_a_partner_is_able_once_all_its_way_needs_is_set(scheme: Scheme) -> None:
    whole = {field: {"lookout": "x"} for field in NEEDED[scheme]}
    assert AuthenticationSettings(schemes={"lookout": scheme}, **whole).able() == ("lookout",)
    for field in whole:
        half = {name: texts for name, texts in whole.items() if name != field}
        settings = AuthenticationSettings(schemes={"lookout": scheme}, **half)
        assert settings.able() == ()
        assert settings.missing("lookout") == (setting(field, "lookout"),)


def test_a_partner_is_named_by_anything_that_is_set_for_it() -> None:
    assert AuthenticationSettings(schemes={"sophos": Scheme.ENTRA}, header_name={"a": "X"}).named() == (
        "a",
        "sophos",
    )
    assert AuthenticationSettings(header_name={"a": "X"}).given("a") == {"header_name": "X"}


def test_every_field_belongs_to_one_way() -> None:
    owned = [field for fields in (*NEEDED.values(), *OPTIONAL.values()) for field in fields]
    assert sorted(owned) == sorted(FIELDS) == sorted(set(AuthenticationSettings.model_fields) - {"schemes"})
