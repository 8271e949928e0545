"""Retry policies as `@retry` declares them."""

import pytest

from local.host.errors import HostError
from local.host.retry import read_policy, with_retries

FIXED = {"strategy": "fixed_delay", "max_retry_count": "2", "delay_interval": "01:02:03"}
EXPONENTIAL = {
    "strategy": "exponential_backoff",
    "max_retry_count": "-1",
    "minimum_interval": "00:00:02",
    "maximum_interval": "00:00:10",
}


def test_a_fixed_delay_stays_the_same() -> None:
    policy = read_policy(FIXED, where="here")
    assert [policy.delay(retry) for retry in range(3)] == [3723] * 3


def test_an_exponential_delay_doubles_between_its_bounds() -> None:
    policy = read_policy(EXPONENTIAL, where="here")
    assert [policy.delay(retry) for retry in (0, 1, 2, 3, 5000)] == [2, 4, 8, 10, 10]


@pytest.mark.parametrize(
    ("policy", "last"), [(None, [True, True]), (FIXED, [False, False, True]), (EXPONENTIAL, [False] * 9)]
)
def test_retries_end_when_the_count_is_used_up(policy: dict[str, str] | None, last: list[bool]) -> None:
    read = read_policy(policy, where="here")
    assert [read.is_last(retry) for retry in range(len(last))] == last


@pytest.mark.parametrize("changed", [{"delay_interval": "5"}, {"max_retry_count": "x"}, {"strategy": "y"}])
def test_a_policy_that_cannot_be_read_is_refused(changed: dict[str, str]) -> None:
    with pytest.raises(HostError, match=r"here: retry .*" + next(iter(changed.values()))):
        read_policy(FIXED | changed, where="here")


async def test_every_retry_learns_its_number_and_the_error_before() -> None:
    policy = read_policy(FIXED | {"delay_interval": "00:00:00"}, where="here")
    seen: list[tuple[int, str]] = []

    async def attempt(retry: int, previous: Exception | None) -> Exception:
        seen.append((retry, str(previous)))
        return ValueError(f"failure {retry}")

    await with_retries(policy, attempt)
    assert seen == [(0, "None"), (1, "failure 0"), (2, "failure 1")]
