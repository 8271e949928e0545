"""Microsoft's rules on devices: what can be read, and what is said of what cannot."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.device_rule import (
    MAX_DEPTH,
    MAX_LENGTH,
    Answer,
    FilterError,
    Test,
    all_of,
    any_of,
    compared,
    opposite,
    read_rule,
    tokens,
)

Phone = Mapping[str, str]
PHONE = {"model": "iPhone 15", "colour.back": "Blue", "iscompliant": "False", "empty": ""}


def question(name: str, operator: str, values: list[str | None]) -> Test[Phone]:
    return compared(lambda phone: phone.get(name), operator, values)


def meets(rule: str) -> Answer:
    return read_rule(rule, question)(PHONE)


@pytest.mark.parametrize(
    ("rule", "met"),
    [
        ('device.model -eq "iPhone 15"', True),
        ('DEVICE.MODEL -EQ "IPHONE 15"', True),
        ('device.model eq "iPhone 15"', True),
        ('device.model -eq "iPhone 1"', False),
        ('device.model -ne "iPhone 1"', True),
        ('device.model -startsWith "iPhone"', True),
        ('device.model -startsWith "15"', False),
        ('device.model -notStartsWith "15"', True),
        ('device.model -endsWith "15"', True),
        ('device.model -notEndsWith "15"', False),
        ('device.model -contains "one"', True),
        ('device.model -notContains "one"', False),
        ('device.model -in ["iPad", "iPhone 15"]', True),
        ('device.model -in ["iPad","iPod"]', False),
        ('device.model -in ["iPhone 15"]', True),
        ('device.model -notIn ["iPad", "iPhone 15"]', False),
        ('device.model -notIn ["iPad", "iPod"]', True),
        ("device.isCompliant -eq False", True),
        ("device.isCompliant -eq true", False),
        ('device.colour.back -eq "blue"', True),
    ],
)
def test_a_comparison_is_of_the_text_in_any_case(rule: str, met: bool) -> None:
    assert meets(rule) is met


@pytest.mark.parametrize("name", ["owner", "empty"])
@pytest.mark.parametrize(
    ("test", "met"),
    [
        ("-eq null", True),
        ("-eq $null", True),
        ("-eq $NULL", True),
        ("-ne $null", False),
        ('-in ["Anna", $null]', True),
        ('-in ["Anna", "Bea"]', False),
        ('-eq "Anna"', False),
        ('-ne "Anna"', True),
        ('-contains ""', False),
        ('-notContains "Anna"', True),
    ],
)
def test_what_a_device_lacks_is_null_and_meets_the_negative_operators(
    name: str, test: str, met: bool
) -> None:
    assert meets(f"device.{name} {test}") is met


def test_what_a_device_has_is_not_null() -> None:
    assert meets("device.model -eq null") is False
    assert meets("device.model -ne $null") is True


IS, NOT = 'device.model -eq "iPhone 15"', 'device.model -eq "iPad"'


@pytest.mark.parametrize(
    ("rule", "met"),
    [
        (f"{IS} and {NOT}", False),
        (f"{IS} -and {IS}", True),
        (f"{NOT} or {IS}", True),
        (f"{NOT} -OR {NOT}", False),
        (f"{IS} or {NOT} and {NOT}", True),
        (f"({IS} or {NOT}) and {NOT}", False),
        (f"{NOT} and ({NOT} or {IS})", False),
        (f"(({IS}))and({IS})", True),
    ],
)
def test_and_binds_tighter_than_or_and_parentheses_before_both(rule: str, met: bool) -> None:
    assert meets(rule) is met


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("", "a property expected at the end"),
        ("(", "a property expected at the end"),
        (f"({IS}", ") expected"),
        (f"{IS})", "nothing expected at )"),
        (f"{IS} {NOT}", "nothing expected at device.model"),
        ("device.model", "an operator expected at the end"),
        ("device.model -eq", "a value expected at the end"),
        ("device.model -eq iphone", "a text in double quotes expected at iphone"),
        ("device.model -eq 'iPhone'", "cannot be read at character 17"),
        ('device.model -eq "iPad (12.9")"', "cannot be read at character 30"),
        ('device.model -like "iPhone"', "no operator 'like'"),
        ('app.model -eq "iPhone"', "'app' is no property of a managed device"),
        ('device.model -in "iPhone"', "[ expected"),
        ('device.model -in ["iPhone"', "] expected"),
        ('device.model -in ["iPhone" "iPad"]', "] expected"),
        ('device.model -in ["iPhone",]', "a text in double quotes expected at ]"),
        (f'device.model -eq "{"x" * MAX_LENGTH}"', f"longer than {MAX_LENGTH} characters"),
        ("(" * 60 + IS + ")" * 60, "nested too deeply"),
    ],
)
def test_of_a_rule_that_cannot_be_read_it_is_said_what_was_expected_where(rule: str, said: str) -> None:
    with pytest.raises(FilterError) as error:
        read_rule(rule, question)
    assert str(error.value) == said


def test_a_rule_of_the_most_characters_microsoft_takes_is_read() -> None:
    assert meets(IS.ljust(3072)) is True
    with pytest.raises(FilterError):
        read_rule(IS.ljust(3073), question)


def nested(depth: int) -> str:
    return "(" * depth + IS + ")" * depth


def test_parentheses_are_counted_by_how_deep_they_stand_not_by_how_many_there_are() -> None:
    beside = f"({NOT}) or " * 60
    assert meets(f"{beside}{nested(MAX_DEPTH)}") is True
    with pytest.raises(FilterError):
        read_rule(f"{beside}{nested(MAX_DEPTH + 1)}", question)


def test_the_words_of_a_rule_are_its_texts_its_marks_and_what_is_between() -> None:
    assert tokens(' (device.model -in\t["a b","(c)"])\n') == [
        *("(", "device.model", "-in", "[", '"a b"', ",", '"(c)"', "]", ")")
    ]
    assert tokens(" ") == []


ANSWERS = st.sampled_from([True, False, None])


@given(st.lists(ANSWERS))
def test_what_is_open_decides_only_where_it_could_change_the_answer(answers: list[Answer]) -> None:
    """Whatever the open ones turn out to be, the answer holds; and it is open only where it would not."""

    def settled(open_is: bool) -> list[bool]:
        return [open_is if answer is None else answer for answer in answers]

    for joined, certain in ((all_of, all), (any_of, any)):
        worst, best = certain(settled(False)), certain(settled(True))
        assert joined(*answers) is (worst if worst == best else None)
    assert [opposite(answer) for answer in (True, False, None)] == [False, True, None]
