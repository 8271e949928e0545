"""Quotas, kept from our side."""

import pytest

from shared.graph.pacing import QUOTAS, Pacer, Quota


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _made_at_once(pacer: Pacer, method: str, path: str) -> int:
    count = 0
    while pacer.wait(method, path) == 0:
        count += 1
        assert count < 10_000
    return count


@pytest.mark.parametrize(
    ("method", "path", "calls"),
    [
        ("GET", "/deviceManagement/managedDevices?$top=1000", 1800),
        ("POST", "/deviceManagement/managedDevices/x/syncDevice", 180),
        ("GET", "/deviceManagement/reports/exportJobs('x')", 43),
        ("GET", "/deviceAppManagement/mobileApps", 900),
        ("PATCH", "/devices(deviceId='x')", 2700),
        ("POST", "/users/x/revokeSignInSessions", 2700),
        ("POST", "/identity/conditionalAccess/evaluate", 1),
    ],
)
def test_a_tenth_of_each_quota_is_left_free(method: str, path: str, calls: int) -> None:
    assert _made_at_once(Pacer(Seconds()), method, path) == calls


def test_reads_of_entra_have_no_quota_of_calls() -> None:
    pacer = Pacer(Seconds())
    assert all(pacer.wait("GET", "/devices(deviceId='x')") == 0 for _ in range(5000))


def test_a_call_that_has_to_wait_is_reported_for_how_long_and_not_counted() -> None:
    clock = Seconds()
    pacer = Pacer(clock)
    assert pacer.wait("POST", "/identity/conditionalAccess/evaluate") == 0
    clock.now = 0.4
    assert pacer.wait("POST", "/identity/conditionalAccess/evaluate") == pytest.approx(0.6)
    clock.now = 1.0
    assert pacer.wait("POST", "/identity/conditionalAccess/evaluate") == 0


def test_a_write_that_waits_for_one_quota_is_counted_in_none() -> None:
    clock = Seconds()
    pacer = Pacer(clock)
    path = "/deviceManagement/managedDevices/x/syncDevice"
    _made_at_once(pacer, "POST", path)
    assert all(pacer.wait("POST", path) > 0 for _ in range(3000))
    assert _made_at_once(pacer, "GET", path) == 1800 - 180


def test_no_window_ever_holds_more_than_its_share() -> None:
    clock = Seconds()
    pacer, made = Pacer(clock), []
    while clock.now < 400:
        wait = pacer.wait("PATCH", "/devices(deviceId='x')")
        if wait == 0:
            made.append(clock.now)
        clock.now += max(wait, 0.01)
    [quota] = [each for each in QUOTAS if "/devices" in each.paths]
    assert isinstance(quota, Quota)
    for place, first in enumerate(made):
        within = sum(1 for at in made[place : place + 3100] if at < first + quota.window)
        assert within <= 2700
