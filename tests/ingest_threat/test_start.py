"""What is refused at start, and what is logged there because it has a price."""

import logging

import pytest

from ingest_threat import partners
from ingest_threat.start import check, warn
from shared.errors import SettingsError
from shared.settings import read


@pytest.mark.parametrize("slug", sorted(partners.known()))
def test_only_an_agent_that_cannot_be_called_clean_is_taken_for_present(slug: str) -> None:
    settings = read({f"EVENT_ONLY_PRESENT_{slug.upper()}": "true"})
    if not partners.says_clean(slug):
        check(settings)
        return
    with pytest.raises(SettingsError, match=f"EVENT_ONLY_PRESENT_{slug.upper()}: {slug} reports healthy"):
        check(settings)


def test_a_name_that_is_no_partner_is_refused() -> None:
    with pytest.raises(SettingsError, match="EVENT_ONLY_PRESENT_NORTON: 'norton' is no partner"):
        check(read({"EVENT_ONLY_PRESENT_NORTON": "1"}))
    with pytest.raises(
        SettingsError, match="EVENT_ONLY_PRESENT_ZIMPERIUM is 'maybe': expected true or false"
    ):
        read({"EVENT_ONLY_PRESENT_ZIMPERIUM": "maybe"})


def test_each_of_them_that_is_enabled_is_warned_of_by_platform(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "mtd")
    warn(read({"PARTNERS_IOS": "lookout,zimperium", "PARTNERS_ANDROID": "zimperium"}))
    first, second = caplog.messages
    assert first.startswith("partner_never_clean partner=zimperium what=it reports threats and never")
    assert "on ios all partners must scan" in first
    assert "on android its connector must not block without data" in second


def test_nothing_is_logged_where_everybody_says_clean(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "mtd")
    warn(read({"PARTNERS_IOS": "lookout,sophos"}))
    assert caplog.messages == []
