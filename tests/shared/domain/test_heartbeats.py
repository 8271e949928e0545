"""What silence means: from when an agent is silent, and what a decision has to know of it."""

from datetime import datetime, timedelta

import pytest

from shared.domain.heartbeats import Heartbeats
from shared.domain.on_silence import OnSilence
from tests.world import START

LIMIT = timedelta(days=3)
DUE = START + LIMIT


@pytest.mark.parametrize(
    ("on_silence", "limit", "last_reported_at", "due"),
    [
        (OnSilence.BLOCK, LIMIT, START, DUE),
        (OnSilence.IGNORE, LIMIT, START, DUE),
        (OnSilence.HOLD, LIMIT, START, None),
        (OnSilence.BLOCK, None, START, None),
        (OnSilence.BLOCK, LIMIT, None, None),
    ],
)
def test_an_agent_is_due_its_limit_after_its_last_report_where_silence_matters(
    on_silence: OnSilence, limit: timedelta | None, last_reported_at: datetime | None, due: datetime | None
) -> None:
    assert Heartbeats(on_silence, agent_limit=limit).agent_due(last_reported_at) == due


@pytest.mark.parametrize(
    ("now", "silent"), [(DUE - timedelta(seconds=1), False), (DUE, True), (DUE + timedelta(seconds=1), True)]
)
def test_an_agent_is_silent_from_the_moment_its_limit_is_over(now: datetime, silent: bool) -> None:
    assert Heartbeats(OnSilence.BLOCK, agent_limit=LIMIT).is_silent(START, now) is silent
    assert not Heartbeats(OnSilence.BLOCK, agent_limit=LIMIT).is_silent(None, now)
    assert not Heartbeats(OnSilence.HOLD, agent_limit=LIMIT).is_silent(START, now)


def test_the_state_tells_who_is_silent_and_the_limit_but_nothing_of_what_is_held() -> None:
    silent = {"zimperium": START, "lookout": START}
    assert Heartbeats(OnSilence.BLOCK, silent, LIMIT).state() == [
        "block",
        ["lookout", "zimperium"],
        259_200.0,
    ]
    assert Heartbeats(OnSilence.IGNORE, {}).state() == ["ignore", [], None]
    assert Heartbeats(OnSilence.HOLD, silent, LIMIT).state() == ["hold"]
