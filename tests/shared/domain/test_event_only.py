"""Whom a partner that never says "clean" keeps out, in words."""

from dataclasses import replace

import pytest

from shared.domain.connector import Connector
from shared.domain.event_only import warnings
from shared.domain.record import Platform
from shared.domain.switches import PartnersMode, Switches
from tests.world import START

IOS, ANDROID = Platform.IOS, Platform.ANDROID
ALONE = Switches({IOS: ("zimperium",)})
TWO = Switches({IOS: ("lookout", "zimperium")})
INSISTING = Connector(
    id="connector:c",
    intune_id="c",
    state="enabled",
    enabled=frozenset({IOS}),
    blocked_on_missing_data=frozenset({IOS}),
    read_at=START,
)


@pytest.mark.parametrize(
    ("switches", "said"),
    [
        (ALONE, "its connector must not block without data"),
        (replace(ALONE, connectors={"zimperium": INSISTING}), "its connector blocks without data"),
        (TWO, "all partners must scan, so every healthy phone is kept out"),
        (replace(TWO, modes={IOS: PartnersMode.ANY}), "one partner must scan"),
        (replace(TWO, preferred={IOS: "zimperium"}), "its connector must not block without data"),
        (replace(TWO, event_only_present=frozenset({"zimperium"})), "EVENT_ONLY_PRESENT_ZIMPERIUM"),
    ],
)
def test_what_is_said_of_a_platform_follows_who_must_scan_there(switches: Switches, said: str) -> None:
    [warning] = warnings("zimperium", switches)
    assert warning.startswith("it reports threats and never that a phone is clean: on ios ")
    assert said in warning


def test_every_platform_on_which_it_counts_has_a_sentence_and_no_other() -> None:
    both = Switches({IOS: ("zimperium",), ANDROID: ("zimperium", "lookout")})
    assert len(warnings("zimperium", both)) == 2
    assert warnings("zimperium", replace(TWO, preferred={IOS: "lookout"})) == []
    assert warnings("sophos", both) == []
