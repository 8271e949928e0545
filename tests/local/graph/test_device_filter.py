"""Device filter rules: what they mean, and that no text breaks the parser."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from local.graph.device_filter import FilterError, parse

TAGGED: dict[str, object] = {
    "deviceId": "aaaaaaaa-0000-0000-0000-000000000001",
    "operatingSystem": "iOS",
    "isCompliant": True,
    "ownership": "Company",
    "systemLabels": ["M365Managed", "MultiUser"],
    "extensionAttribute7": "mtd-block-high",
    "extensionAttribute8": None,
}


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ('device.extensionAttribute7 -startsWith "mtd-block"', True),
        ('device.extensionAttribute7 -startsWith "block"', False),
        ('DEVICE.EXTENSIONATTRIBUTE7 -STARTSWITH "MTD-BLOCK"', True),
        ('device.extensionAttribute7 -endsWith "high"', True),
        ('device.extensionAttribute7 -eq "mtd-block"', False),
        ('device.extensionAttribute7 -ne "mtd-ok"', True),
        ('device.extensionAttribute7 -notStartsWith "mtd"', False),
        ('device.extensionAttribute7 -notEndsWith "high"', False),
        ('device.operatingSystem -contains "O"', True),
        ('device.operatingSystem -notContains "droid"', True),
        ('device.operatingSystem -in ["Android", "iOS"]', True),
        ('device.operatingSystem -notIn ["Android"]', True),
        ('device.isCompliant -eq "True"', True),
        ('device.deviceOwnership -eq "Company"', True),
        ('device.systemLabels -contains "MultiUser"', True),
        ('device.systemLabels -contains "Multi"', False),
        ('device.extensionAttribute8 -eq ""', False),
        ('device.extensionAttribute8 -ne "x"', True),
        ('(device.operatingSystem -eq "iOS") -and (device.isCompliant -eq "False")', False),
        ('-not (device.operatingSystem -eq "Android")', True),
    ],
)
def test_a_rule_means_what_entra_documents(rule: str, holds: bool) -> None:
    assert parse(rule)(TAGGED) is holds


@pytest.mark.parametrize("word", ["-eq", "-startsWith", "-endsWith", "-contains", "-in"])
def test_an_unregistered_device_matches_negative_operators_only(word: str) -> None:
    value = '["mtd-ok"]' if word == "-in" else '"mtd-ok"'
    negative = "-ne" if word == "-eq" else f"-not{word[1:]}"
    assert not parse(f"device.extensionAttribute7 {word} {value}")({})
    assert parse(f"device.extensionAttribute7 {negative} {value}")({})


YES, NO = 'device.operatingSystem -eq "iOS"', 'device.operatingSystem -eq "Android"'


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        (f"{YES} -or {NO} -and {NO}", True),
        (f"({YES} -or {NO}) -and {NO}", False),
        (f"-not {NO} -and {YES}", True),
        (f"-not ({NO} -or {YES})", False),
        (f"-not -not {YES}", True),
    ],
)
def test_not_binds_before_and_before_or(rule: str, holds: bool) -> None:
    assert parse(rule)(TAGGED) is holds


def test_a_backtick_lets_a_quote_into_a_string() -> None:
    rule = parse('device.model -eq "a`"b -or c"')
    assert rule({"model": 'A"B -or C'})
    assert not rule({"model": "a"})


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "   ",
        "device.extensionAttribute7",
        'device.extensionAttribute7 -match "x"',
        'device.extensionAttribute16 -eq "x"',
        'device.nothing -eq "x"',
        'user.department -eq "x"',
        "device.model -eq 'x'",
        'device.model -eq "x',
        "device.model -eq null",
        'device.model -eq ["x"]',
        'device.model -in "x"',
        "device.model -in []",
        'device.model -in ["x" "y"]',
        '(device.model -eq "x"',
        'device.model -eq "x")',
        'device.model -eq "x" -and',
        'device.model -eq "x" device.model -eq "y"',
        "-not",
        "(" * 1500 + 'device.model -eq "x"' + ")" * 1500,
        "-not " * 600 + 'device.model -eq "x"',
        f'device.model -eq "{"x" * 3072}"',
    ],
)
def test_what_cannot_be_read_is_a_filter_error(rule: str) -> None:
    with pytest.raises(FilterError):
        parse(rule)


def test_a_rule_may_have_3072_characters() -> None:
    rule = 'device.model -eq "'
    assert parse(rule + "x" * (3072 - len(rule) - 1) + '"')({}) is False


PIECES = [
    "(",
    ")",
    "[",
    "]",
    ",",
    "-and",
    "-or",
    "-not",
    "-eq",
    "-notIn",
    "device.model",
    '"x"',
    '"',
    "`",
    " ",
]


@settings(deadline=None)
@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=120).map(" ".join))
@example('device.model -eq "ŉİ"')
def test_any_text_is_a_rule_or_a_filter_error(text: str) -> None:
    try:
        rule = parse(text)
    except FilterError:
        return
    assert rule(TAGGED) in (True, False)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters='"`'), max_size=50), st.text(max_size=50))
def test_ne_is_the_opposite_of_eq(wanted: str, actual: str) -> None:
    device = {"model": actual}
    equal = parse(f'device.model -eq "{wanted}"')(device)
    assert equal is (wanted.casefold() == actual.casefold())
    assert parse(f'device.model -ne "{wanted}"')(device) is not equal
