"""The Conditional Access templates, and how they are filled in."""

import json
import subprocess
import sys

import pytest

from infra.access.templates import FOLDER, SHIPPED, policies, template
from tests.infra.code import ROOT

GROUP = "0d9a7c52-1f3e-4b86-8a7d-5e2b9c64f310"
EXCHANGE, SHAREPOINT = "00000002-0000-0ff1-ce00-000000000000", "00000003-0000-0ff1-ce00-000000000000"


def test_all_come_out_report_only_and_spare_the_break_glass_group() -> None:
    for policy in policies(GROUP, [EXCHANGE], 7):
        assert policy["state"] == "enabledForReportingButNotEnforced"
        assert policy["conditions"]["users"]["excludeGroups"] == [GROUP]
        assert policy["conditions"]["applications"]["includeApplications"] == [EXCHANGE]


def test_the_first_blocks_by_the_tag_and_the_second_asks_phones_for_compliance() -> None:
    block, require, _, _ = policies(GROUP, [EXCHANGE, SHAREPOINT], 9)
    assert block["conditions"]["devices"]["deviceFilter"] == {
        "mode": "include",
        "rule": 'device.extensionAttribute9 -startsWith "mtd-block"',
    }
    assert block["grantControls"]["builtInControls"] == ["block"]
    assert require["conditions"]["platforms"]["includePlatforms"] == ["iOS", "android"]
    assert require["grantControls"] == {
        "operator": "OR",
        "builtInControls": ["compliantDevice", "compliantApplication"],
    }


def test_a_protected_app_need_not_do_in_place_of_a_compliant_phone() -> None:
    alone = policies(GROUP, [EXCHANGE], 7, "compliant")[1]
    either = policies(GROUP, [EXCHANGE], 7)[1]
    assert alone["grantControls"]["builtInControls"] == ["compliantDevice"]
    assert alone["conditions"] == either["conditions"]
    assert alone["displayName"] != either["displayName"], "a roll-back knows them by their names"


def test_browsers_are_asked_for_a_managed_device_on_every_platform_and_no_sign_in_is_transferred() -> None:
    _, _, browsers, flows = policies(GROUP, [EXCHANGE], 7)
    assert browsers["conditions"]["clientAppTypes"] == ["browser"]
    assert "platforms" not in browsers["conditions"]
    assert browsers["grantControls"]["builtInControls"] == ["compliantDevice", "domainJoinedDevice"]
    assert flows["conditions"]["authenticationFlows"] == {
        "transferMethods": "deviceCodeFlow,authenticationTransfer"
    }
    assert flows["grantControls"]["builtInControls"] == ["block"]


@pytest.mark.parametrize("name", SHIPPED)
def test_as_shipped_they_are_report_only_with_a_placeholder_and_the_two_apps(name: str) -> None:
    policy = template(name)
    assert policy["state"] == "enabledForReportingButNotEnforced"
    assert policy["conditions"]["users"]["excludeGroups"] == ["<BREAK-GLASS-GROUP-ID>"]
    assert policy["conditions"]["applications"]["includeApplications"] == [EXCHANGE, SHAREPOINT]
    assert {path.name for path in FOLDER.glob("*.json")} == {*SHIPPED}
    assert len({template(each)["displayName"] for each in SHIPPED}) == len(SHIPPED)


def test_the_command_prints_them_for_an_import_by_hand() -> None:
    command = [sys.executable, "-m", "infra.access", "render", "--break-glass", GROUP, "--attribute", "3"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(ended.stdout) == policies(GROUP, [EXCHANGE, SHAREPOINT], 3)


@pytest.mark.parametrize(
    "given",
    [
        ["--break-glass", "admins"],
        ["--break-glass", GROUP, "--app", "mail"],
        ["--break-glass", GROUP, "--attribute", "16"],
    ],
)
def test_a_parameter_that_makes_no_sense_is_reported_in_one_line(given: list[str]) -> None:
    command = [sys.executable, "-m", "infra.access", "render", *given]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert len(ended.stderr.splitlines()) == 1
