"""The Conditional Access templates and the script that fills them in."""

import importlib.util
import json
import pathlib
import subprocess
import sys
from types import ModuleType

import pytest

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "infra" / "conditional-access"
GROUP = "0d9a7c52-1f3e-4b86-8a7d-5e2b9c64f310"
EXCHANGE, SHAREPOINT = "00000002-0000-0ff1-ce00-000000000000", "00000003-0000-0ff1-ce00-000000000000"


@pytest.fixture(scope="module")
def render() -> ModuleType:
    spec = importlib.util.spec_from_file_location("render", FOLDER / "render.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_both_come_out_report_only_and_spare_the_break_glass_group(render: ModuleType) -> None:
    for policy in render.policies(GROUP, [EXCHANGE], 7):
        assert policy["state"] == "enabledForReportingButNotEnforced"
        assert policy["conditions"]["users"]["excludeGroups"] == [GROUP]
        assert policy["conditions"]["applications"]["includeApplications"] == [EXCHANGE]


def test_the_first_blocks_by_the_tag_and_the_second_asks_phones_for_compliance(render: ModuleType) -> None:
    block, require = render.policies(GROUP, [EXCHANGE, SHAREPOINT], 9)
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


@pytest.mark.parametrize("name", ["block-by-tag.json", "require-compliant.json"])
def test_as_shipped_they_are_report_only_with_a_placeholder_and_the_two_apps(name: str) -> None:
    policy = json.loads((FOLDER / name).read_text())
    assert policy["state"] == "enabledForReportingButNotEnforced"
    assert policy["conditions"]["users"]["excludeGroups"] == ["<BREAK-GLASS-GROUP-ID>"]
    assert policy["conditions"]["applications"]["includeApplications"] == [EXCHANGE, SHAREPOINT]


@pytest.mark.parametrize(
    "given",
    [
        ["--break-glass", "admins"],
        ["--break-glass", GROUP, "--app", "mail"],
        ["--break-glass", GROUP, "--attribute", "16"],
    ],
)
def test_a_parameter_that_makes_no_sense_is_told_in_one_line(given: list[str]) -> None:
    command = [sys.executable, str(FOLDER / "render.py"), *given]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert len(ended.stderr.splitlines()) == 1
