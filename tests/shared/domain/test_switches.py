"""Which partners count: enabled in the settings, and not switched off in Intune."""

import json

import pytest

from shared.domain.connector import Connector
from shared.domain.record import Platform
from shared.domain.switches import Switches
from tests.world import START

IOS, ANDROID = Platform.IOS, Platform.ANDROID


def a_connector(*enabled: Platform, insists: tuple[Platform, ...] = ()) -> Connector:
    return Connector(
        id="connector:c",
        intune_id="c",
        state="enabled",
        enabled=frozenset(enabled),
        blocked_on_missing_data=frozenset(insists),
        read_at=START,
    )


BOTH = {IOS: ("lookout", "zimperium"), ANDROID: ("zimperium",)}


def test_a_partner_counts_where_the_settings_enable_it() -> None:
    switches = Switches(BOTH)
    assert switches.counting(IOS) == ("lookout", "zimperium")
    assert switches.counting(ANDROID) == ("zimperium",)
    assert switches.counting(Platform.OTHER) == ()


def test_a_connector_takes_its_partner_out_on_the_platform_it_is_off_on() -> None:
    switches = Switches(BOTH, connectors={"zimperium": a_connector(ANDROID)})
    assert switches.counting(IOS) == ("lookout",)
    assert switches.counting(ANDROID) == ("zimperium",)


def test_a_partner_whose_connector_is_not_mirrored_counts() -> None:
    assert Switches(BOTH, connectors={"other": a_connector()}).counting(ANDROID) == ("zimperium",)


def test_the_preferred_partner_counts_alone_unless_it_is_switched_off() -> None:
    preferred = {IOS: "zimperium"}
    assert Switches(BOTH, preferred).counting(IOS) == ("zimperium",)
    off = Switches(BOTH, preferred, {"zimperium": a_connector()})
    assert off.counting(IOS) == ("lookout",)


@pytest.mark.parametrize(
    ("partner", "platform", "counts"),
    [
        ("lookout", IOS, True),
        ("lookout", ANDROID, False),
        ("lookout", None, True),
        ("sophos", None, False),
        ("zimperium", Platform.OTHER, False),
    ],
)
def test_a_report_without_a_platform_counts_where_its_partner_counts_anywhere(
    partner: str, platform: Platform | None, counts: bool
) -> None:
    assert Switches(BOTH).counts(partner, platform) is counts


def test_a_connector_insists_on_the_platform_it_says() -> None:
    switches = Switches(BOTH, connectors={"zimperium": a_connector(IOS, ANDROID, insists=(IOS,))})
    assert switches.insists("zimperium", IOS)
    assert not switches.insists("zimperium", ANDROID)
    assert not switches.insists("lookout", IOS)


def test_the_oldest_supported_version_counts_where_the_connector_blocks_older_ones_and_it_is_known() -> None:
    blocking = a_connector(IOS).model_copy(update={"unsupported_os_blocked": True})
    least = {"lookout": {IOS: "16.0"}}
    switches = Switches(BOTH, connectors={"lookout": blocking, "zimperium": blocking}, minimum_os=least)
    assert switches.oldest_supported("lookout", IOS) == "16.0"
    assert switches.oldest_supported("lookout", ANDROID) is None
    assert switches.oldest_supported("zimperium", IOS) is None
    assert switches.oldest_supported("sophos", IOS) is None
    lenient = Switches(BOTH, connectors={"lookout": a_connector(IOS)}, minimum_os=least)
    assert lenient.oldest_supported("lookout", IOS) is None
    assert switches.state() != Switches(BOTH, connectors=switches.connectors).state()
    assert switches.state()[-1] == [("lookout", "ios", "16.0")]


def test_the_state_tells_what_a_decision_reads_and_goes_into_a_digest() -> None:
    on, off = (Switches(BOTH, connectors={"lookout": a_connector(*p)}) for p in ((IOS,), ()))
    assert on.state() != off.state() != Switches(BOTH).state()
    assert json.dumps(Switches(dict(reversed(BOTH.items()))).state()) == json.dumps(Switches(BOTH).state())
