"""What refuses blocked devices, of all the policies of a tenant."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.access_policy import BLOCK_TAGS, AccessPolicy, Role
from shared.domain.access_words import EXCHANGE_ONLINE, SHAREPOINT_ONLINE
from shared.domain.enforcement import Enforcement, Refusal, Wanted, judge, not_watched
from tests.shared.domain.test_access_policy import ATTRIBUTE, GROUP, filtered, shipped
from tests.world import START

LATER = START + timedelta(hours=1)
OTHER = "44444444-1f3e-4b86-8a7d-5e2b9c64f310"
WANTED = Wanted(ATTRIBUTE, (EXCHANGE_ONLINE, SHAREPOINT_ONLINE))
BLOCK, COMPANION = shipped(Role.BLOCK), shipped(Role.COMPANION)


def judged(*policies: AccessPolicy, before: Enforcement | None = None, **wanted: Any) -> Enforcement:
    return judge(policies, replace(WANTED, **wanted), before, LATER if before else START)


def excluding(*ids: str, policy: AccessPolicy = BLOCK) -> AccessPolicy:
    users = {"includeUsers": ["All"], "excludeGroups": list(ids)}
    return replace(policy, conditions={**policy.conditions, "users": users})


def test_both_shipped_policies_on_refuse_the_whole() -> None:
    found = judged(BLOCK, COMPANION)
    assert (found.block.refusal, found.companion.refusal) == (Refusal.WHOLE, Refusal.WHOLE)
    assert found.is_whole
    assert found.block.why == ()
    assert [(each.role, each.faults) for each in found.policies] == [("block", ()), ("companion", ())]


IDLE = shipped(Role.BLOCK, **filtered('device.extensionAttribute7 -startsWith "quarantined"'))
"""It is on, and matches a tag that is on no device."""


@pytest.mark.parametrize(
    ("policies", "why"),
    [
        ([], ["there is no such policy"]),
        ([replace(BLOCK, state="disabled")], [f"{BLOCK.name!r} is off"]),
        ([replace(BLOCK, state="enabledForReportingButNotEnforced")], [f"{BLOCK.name!r} only reports"]),
        ([replace(BLOCK, state="aWordOfTomorrow")], [f"{BLOCK.name!r} is aWordOfTomorrow"]),
        ([IDLE], [f"{BLOCK.name!r} does not match every device tagged {', '.join(sorted(BLOCK_TAGS))}"]),
        (
            [shipped(Role.BLOCK, applications={"includeApplications": [OTHER]})],
            [f"no policy that is on is for the app {app}" for app in (EXCHANGE_ONLINE, SHAREPOINT_ONLINE)],
        ),
    ],
)
def test_where_no_policy_refuses_that_is_said_with_its_reason(
    policies: list[AccessPolicy], why: list[str]
) -> None:
    found = judged(*policies, COMPANION)
    assert found.block.refusal is Refusal.NONE
    assert list(found.block.why) == why
    assert not found.is_whole


def test_a_narrowed_policy_refuses_partly() -> None:
    found = judged(shipped(Role.BLOCK, userRiskLevels=["high"]), COMPANION)
    assert found.block.refusal is Refusal.PARTLY
    assert found.block.why == (f"{BLOCK.name!r} is narrowed by userRiskLevels",)
    assert [each.faults for each in found.policies] == [("is narrowed by userRiskLevels",), ()]


def test_what_narrows_each_policy_is_said_where_each_is_for_an_app() -> None:
    apps = ({"applications": {"includeApplications": [app]}} for app in WANTED.apps)
    mail = replace(shipped(Role.BLOCK, **next(apps), userRiskLevels=["high"]), id="1", name="mail")
    files = replace(shipped(Role.BLOCK, **next(apps), clientAppTypes=["browser"]), id="2", name="files")
    found = judged(files, mail, COMPANION)
    assert found.block.refusal is Refusal.PARTLY
    assert found.block.why == (
        "'mail' is narrowed by userRiskLevels",
        "'files' is only for the client apps browser",
    )


def test_an_app_that_no_policy_is_for_leaves_it_partly() -> None:
    one = shipped(Role.BLOCK, applications={"includeApplications": [EXCHANGE_ONLINE]})
    found = judged(one, COMPANION)
    assert found.block.refusal is Refusal.PARTLY
    assert found.block.why == (f"no policy that is on is for the app {SHAREPOINT_ONLINE}",)
    two = replace(
        one, id="2", conditions={**one.conditions, "applications": {"includeApplications": ["All"]}}
    )
    assert judged(one, two, COMPANION).block.refusal is Refusal.WHOLE, "another one is for it"


def test_a_whole_policy_counts_beside_a_narrowed_one() -> None:
    narrowed = replace(shipped(Role.BLOCK, clientAppTypes=["browser"]), id="another")
    assert judged(narrowed, BLOCK, COMPANION).is_whole


def test_since_stays_as_long_as_it_is_the_same() -> None:
    first = judged(replace(BLOCK, state="disabled"), COMPANION)
    again = judged(COMPANION, before=first)
    assert (first.block.since, again.block.since) == (START, START), "off, then removed: nothing all along"
    on = judged(BLOCK, COMPANION, before=again)
    assert on.block.since == LATER
    assert on.companion.since == START, "the other one was on all along"


def test_exclusions_that_stood_when_it_was_first_on_are_accepted_and_more_are_not() -> None:
    piloting = judged(replace(excluding(GROUP, OTHER), state="enabledForReportingButNotEnforced"))
    assert Role.BLOCK not in piloting.accepted, "nothing is accepted before it is on"
    on = judged(excluding(GROUP), COMPANION, before=piloting)
    assert on.accepted[Role.BLOCK] == (GROUP,)
    assert on.is_whole
    grown = judged(excluding(GROUP, OTHER), COMPANION, before=on)
    assert grown.block.refusal is Refusal.PARTLY
    assert grown.block.why == (f"{BLOCK.name!r} leaves out {OTHER}, which it did not before",)
    lasting = judged(excluding(GROUP, OTHER), COMPANION, before=grown)
    assert lasting.block.refusal is Refusal.PARTLY, "time accepts nothing"
    away = judged(COMPANION, before=lasting)
    assert judged(excluding(GROUP), COMPANION, before=away).is_whole
    made_anew = judged(replace(excluding(GROUP, OTHER), id="new"), COMPANION, before=away)
    assert made_anew.block.refusal is Refusal.PARTLY, "nor does another policy in its place"


def test_what_a_policy_leaves_out_that_refuses_nobody_is_neither_accepted_nor_a_fault() -> None:
    assert Role.BLOCK not in judged(excluding(GROUP, policy=IDLE), COMPANION).accepted
    off = replace(excluding(OTHER), id="off", state="disabled")
    on = judged(excluding(GROUP), off, COMPANION)
    grown = judged(excluding(GROUP, OTHER), off, COMPANION, before=on)
    faults = {each.id: each.faults for each in grown.policies}
    assert (len(faults[BLOCK.id]), faults["off"]) == (1, ())


def test_all_that_has_grown_is_named() -> None:
    third = "55555555-1f3e-4b86-8a7d-5e2b9c64f310"
    on = judged(excluding(GROUP), COMPANION)
    grown = judged(excluding(third, GROUP, OTHER), COMPANION, before=on)
    assert grown.block.why == (f"{BLOCK.name!r} leaves out {OTHER}, {third}, which it did not before",)


def test_an_exclusion_that_was_taken_away_is_accepted_no_more() -> None:
    on = judged(excluding(GROUP, OTHER), COMPANION)
    less = judged(excluding(GROUP), COMPANION, before=on)
    assert less.is_whole
    assert judged(excluding(GROUP, OTHER), COMPANION, before=less).block.refusal is Refusal.PARTLY


def test_exclusions_of_a_policy_for_something_else_are_no_measure() -> None:
    for_browsers = replace(
        excluding(GROUP, OTHER, policy=COMPANION),
        id="another",
        conditions={**excluding(GROUP, OTHER, policy=COMPANION).conditions, "clientAppTypes": ["browser"]},
    )
    first = judged(BLOCK, COMPANION, for_browsers)
    assert first.is_whole
    assert first.accepted[Role.COMPANION] == (GROUP,)
    grown = judged(BLOCK, excluding(GROUP, OTHER, policy=COMPANION), for_browsers, before=first)
    assert grown.companion.refusal is Refusal.PARTLY
    assert f"leaves out {OTHER}, which it did not before" in grown.companion.why[0]


def test_of_two_policies_whom_each_leaves_out_is_left_out() -> None:
    other = "55555555-1f3e-4b86-8a7d-5e2b9c64f310"
    second = replace(excluding(GROUP, other), id="second")
    first = judged(excluding(GROUP, OTHER), second, COMPANION)
    assert (first.is_whole, first.accepted[Role.BLOCK]) == (True, (GROUP,))
    grown = judged(excluding(GROUP, OTHER, other), second, COMPANION, before=first)
    assert grown.block.refusal is Refusal.PARTLY, "neither refuses them any more"
    assert f"leaves out {other}" in grown.block.why[0]
    assert judged(excluding(GROUP, OTHER), second, COMPANION, before=grown).is_whole


def test_guests_of_another_kind_are_a_growth() -> None:
    def leaving_out(kinds: str) -> AccessPolicy:
        users = {"includeUsers": ["All"], "excludeGuestsOrExternalUsers": {"guestOrExternalUserTypes": kinds}}
        return replace(BLOCK, conditions={**BLOCK.conditions, "users": users})

    on = judged(leaving_out("serviceProvider"), COMPANION)
    grown = judged(leaving_out("serviceProvider,internalGuest"), COMPANION, before=on)
    assert grown.block.why == (f"{BLOCK.name!r} leaves out guests:internalguest, which it did not before",)
    named = frozenset({"guests", GROUP})
    assert judged(leaving_out("a,b"), COMPANION, exclusions=named).is_whole


def test_exclusions_that_the_settings_name_are_accepted_and_no_others() -> None:
    named = frozenset({GROUP})
    assert judged(excluding(GROUP), COMPANION, exclusions=named).is_whole
    assert judged(excluding(), COMPANION, exclusions=named).is_whole, "fewer are no harm"
    found = judged(excluding(GROUP, OTHER), COMPANION, exclusions=named)
    assert found.block.refusal is Refusal.PARTLY


def test_a_companion_that_is_missing_is_said_unless_it_is_not_watched_for() -> None:
    assert judged(BLOCK).companion.refusal is Refusal.NONE
    assert not judged(BLOCK).is_whole
    assert judged(BLOCK, companion=False).is_whole


def test_what_cannot_be_read_is_not_watched_and_forgets_no_acceptance() -> None:
    on = judged(BLOCK, COMPANION)
    blind = not_watched("GraphRefused", on, LATER)
    assert (blind.block.refusal, blind.block.since) == (Refusal.NOT_WATCHED, LATER)
    assert blind.is_whole, "nothing is known to be missing"
    assert judged(excluding(GROUP, OTHER), COMPANION, before=blind).block.refusal is Refusal.PARTLY


def test_policies_that_never_could_be_read_are_not_watched_since_they_were_first_asked_for() -> None:
    first = not_watched("GraphRefused", None, START)
    assert first.accepted == {}
    again = not_watched("GraphRefused", first, LATER)
    for watched in (first.block, first.companion, again.block, again.companion):
        assert (watched.refusal, watched.since, watched.why) == (
            Refusal.NOT_WATCHED,
            START,
            ("GraphRefused",),
        )
    assert (first.read_at, again.read_at) == (START, LATER)
