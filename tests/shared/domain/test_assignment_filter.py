"""Assignment filters, asked of a device's facts."""

from typing import Any

import pytest

from shared.domain.assignment_filter import read_filter, unanswered
from shared.domain.device_rule import FilterError
from shared.domain.model import DeviceFacts, EnrollmentType, Ownership
from shared.domain.record import Platform


@pytest.fixture(autouse=True)
def read_anew() -> None:
    """A rule that an earlier test has read is read again."""
    read_filter.cache_clear()


def facts(**fields: Any) -> DeviceFacts:
    values = {
        "intune_id": "i",
        "platform": Platform.ANDROID,
        "name": "Anna's phone",
        "manufacturer": "Samsung",
        "model": "Galaxy Note",
        "category": "Engineering devices",
        "os_version": "14.2.1 (23A5)",
        "ownership": Ownership.COMPANY,
        "enrollment_type": EnrollmentType.WORK_PROFILE,
    }
    return DeviceFacts.model_validate({**values, **fields})


@pytest.mark.parametrize(
    ("rule", "meets"),
    [
        ('(device.manufacturer -eq "Samsung")', True),
        ('device.Manufacturer EQ "SAMSUNG"', True),
        ('(device.manufacturer -ne "Samsung")', False),
        ('(device.manufacturer -startsWith "Sams")', True),
        ('(device.manufacturer -contains "ung") and (device.model -contains "note")', True),
        ('(device.manufacturer -notContains "ung")', False),
        ('(device.manufacturer -in ["Lenovo", "Samsung"])', True),
        ('(device.manufacturer -notIn ["Lenovo", "Samsung"])', False),
        ('(device.deviceName -startsWith "Anna\'s")', True),
        ('(device.deviceCategory -eq "engineering devices")', True),
        ('(device.deviceOwnership -eq "Corporate")', True),
        ('(device.deviceOwnership -eq "Personal")', False),
        ('(device.deviceOwnership -ne "unknown")', True),
        ('(device.osVersion -startsWith "14.2")', True),
        ("(device.operatingSystemVersion -eq 14.2.1)", True),
        ("(device.operatingSystemVersion -ne 14.2.1)", False),
        ('(device.operatingSystemVersion -gt "14.2")', True),
        ("(device.operatingSystemVersion -ge 14.2.1.0)", True),
        ("(device.operatingSystemVersion -lt 14.10)", True),
        ("(device.operatingSystemVersion -le 14.2)", False),
        ('(device.deviceManagementType -eq "Personally-owned work profile")', True),
        ('(device.deviceManagementType -ne "Corporate-owned fully managed")', True),
        ('(device.deviceManagementType -eq "AOSP userless devices")', False),
        (
            '(device.deviceManagementType -in ["AOSP userless devices", "Personally-owned work profile"])',
            True,
        ),
        ('(device.deviceManagementType -in ["AOSP userless devices", "Something new"])', None),
        ('(device.deviceManagementType -notIn ["Personally-owned work profile"])', False),
        ('(device.deviceManagementType -notIn ["AOSP userless devices"])', True),
        ("(device.enrollmentProfileName -ne $null)", False),
        ("(device.enrollmentProfileName -eq null)", True),
        ('(device.enrollmentProfileName -eq "DEP iPhones")', False),
        ('(device.enrollmentProfileName -ne "DEP iPhones")', True),
        ('(device.isRooted -eq "True")', None),
        ('(device.isRooted -eq "True") or (device.model -eq "Galaxy Note")', True),
        ('(device.isRooted -eq "True") and (device.model -eq "iPhone")', False),
        ('device.model -eq "x" and device.model -eq "y" or device.model -eq "galaxy note"', True),
        ('device.model -eq "x" and (device.model -eq "y" or device.model -eq "galaxy note")', False),
        ('((device.model -eq "Galaxy Note"))', True),
    ],
)
def test_a_filter_is_answered_by_the_facts(rule: str, meets: bool | None) -> None:
    assert read_filter(rule)(facts()) is meets


@pytest.mark.parametrize(
    ("kind", "fields", "meets"),
    [
        ("Corporate-owned fully managed", {"enrollment_type": EnrollmentType.DEVICE_OWNER}, None),
        ("Personally-owned work profile", {"enrollment_type": EnrollmentType.DEVICE_OWNER}, False),
        ("Personally-owned work profile", {"enrollment_type": EnrollmentType.UNKNOWN}, None),
        ("Personally-owned work profile", {"enrollment_type": EnrollmentType.ADMINISTRATOR}, False),
        ("Corporate-owned fully managed", {"enrollment_type": EnrollmentType.ADMINISTRATOR}, False),
        ("AOSP userless devices", {"enrollment_type": EnrollmentType.UNKNOWN}, False),
        ("Something new", {}, None),
    ],
)
def test_what_the_facts_do_not_tell_apart_stays_open(
    kind: str, fields: dict[str, Any], meets: bool | None
) -> None:
    assert read_filter(f'(device.deviceManagementType -eq "{kind}")')(facts(**fields)) is meets


@pytest.mark.parametrize("rule", ['-eq "Corporate"', '-ne "Corporate"', '-eq "unknown"', "-ne $null"])
def test_an_ownership_that_is_not_known_filters_nobody_out(rule: str) -> None:
    assert read_filter(f"(device.deviceOwnership {rule})")(facts(ownership=Ownership.UNKNOWN)) is None


@pytest.mark.parametrize(
    ("version", "meets"), [("14", True), ("15.1", True), ("15 (19A 346)", True), ("13.7 (17H35)", False)]
)
def test_of_a_version_the_numbers_are_compared_with_a_build_behind_them_or_none(
    version: str, meets: bool
) -> None:
    rule = read_filter("(device.operatingSystemVersion -ge 14)")
    assert rule(facts(os_version=version)) is meets


@pytest.mark.parametrize("version", [None, "", "unknown"])
def test_a_version_that_is_none_is_compared_with_nothing(version: str | None) -> None:
    rule = read_filter("(device.operatingSystemVersion -ge 14)")
    assert rule(facts(os_version=version)) is None


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('device.colour -eq "x"', "no property 'colour'"),
        (
            'device.deviceManagementType -contains "work"',
            "deviceManagementType contains: expected whether it is one of",
        ),
        (
            "device.operatingSystemVersion -startsWith 14",
            "operatingSystemVersion startswith 14: expected a comparison",
        ),
        (
            'device.operatingSystemVersion -gt "new"',
            "operatingSystemVersion gt new: expected a comparison with a version",
        ),
        (
            "device.operatingSystemVersion -eq $null",
            "operatingSystemVersion eq None: expected a comparison with a version",
        ),
    ],
)
def test_what_cannot_be_asked_is_said(rule: str, said: str) -> None:
    with pytest.raises(FilterError) as error:
        read_filter(rule)
    assert said in str(error.value)


def test_properties_nobody_mirrors_are_named() -> None:
    assert unanswered('(device.isRooted -eq "True") or (device.CpuArchitecture -eq "x")') == (
        "cpuarchitecture",
        "isrooted",
    )
    assert unanswered('(device.model -eq "device.isRooted")') == ()
