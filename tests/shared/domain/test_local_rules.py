"""The local rules' file: what it says, and where it is wrong."""

import pathlib

import pytest

from shared.domain.level import Level
from shared.domain.local_rules import LocalRules, parse
from shared.domain.model import Ownership
from shared.domain.record import Category, Platform
from shared.domain.rule import Assignment, RuleSource
from shared.errors import SettingsError
from shared.rules_file import check, load

WHOLE = b"""
# reviewed
[[rule]]
name = "Corporate iPhones: no network threats"
allowed = "secured"
platform = "ios"
ownership = "company"
category = "network"
grace_hours = 24

[[rule]]
name = "Nothing high"
allowed = "medium"
dry_run = true

[minimum_os.lookout]
ios = "16.0"
"""


def test_a_rule_says_what_it_is_for() -> None:
    [rule] = parse(WHOLE).rules
    assert (rule.name, rule.allowed, rule.platform) == (
        "Corporate iPhones: no network threats",
        Level.SECURED,
        Platform.IOS,
    )
    assert (rule.ownership, rule.category, rule.grace_hours) == (Ownership.COMPANY, Category.NETWORK, 24.0)
    assert (rule.source, rule.assignment) == (RuleSource.LOCAL, Assignment(all_devices=True))


def test_a_dry_rule_stands_apart_and_one_without_a_platform_is_for_both() -> None:
    dry = parse(WHOLE).dry
    assert [(rule.platform, rule.category, rule.ownership) for rule in dry] == [
        (Platform.IOS, None, None),
        (Platform.ANDROID, None, None),
    ]
    assert len({rule.id for rule in dry}) == 2


def test_the_oldest_supported_system_is_by_partner_and_platform() -> None:
    assert parse(WHOLE).minimum_os == {"lookout": {Platform.IOS: "16.0"}}


def test_an_empty_file_says_nothing() -> None:
    assert parse(b"") == parse(b"#" * 1_048_576) == LocalRules()


RULE = b'[[rule]]\nname = "one rule"\n'
FIRST = b'[[rule]]\nname = "the first"\nallowed = "low"\n'
SECOND = b'[[rule]]\nname = "the second"\nallowed = "low"\n'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (RULE + b'allowed = "severe"\n', "rules.toml:3: rule.allowed: Input should be 'secured'"),
        (RULE, "rules.toml:1: rule.allowed: Field required"),
        (RULE + b'allowed = "low"\nplatform = "other"\n', "rules.toml:4: rule.platform: "),
        (RULE + b'allowed = "low"\nownership = "unknown"\n', "rules.toml:4: rule.ownership: "),
        (RULE + b'allowed = "low"\ncategory = "mail"\n', "rules.toml:4: rule.category: "),
        (RULE + b'allowed = "low"\ngrace_hours = -1\n', "rules.toml:4: rule.grace_hours: "),
        (RULE + b'allowed = "low"\n\nlevel = 3\n', "rules.toml:5: rule.level: Extra inputs"),
        (RULE + b'allowed = "low"\n' + RULE + b'allowed = "low"\n', "rules.toml:5: a rule named 'one rule'"),
        (b'[[rule]]\nname = "x"\nallowed = "low"\n', "rules.toml:2: rule.name: "),
        (b"[[rule]]\nname = \n", "rules.toml:2: Invalid value"),
        (b"\n[minimum_os.lookout]\nios = 16\n", "rules.toml:3: minimum_os.lookout.ios: "),
        (b'[minimum_os.lookout]\nios = "new"\n', "rules.toml:2: minimum_os.lookout.ios: "),
        (b"\n\n[rules]\n", "rules.toml:3: rules: Extra inputs"),
        (b"\n[rules.more]\n", "rules.toml:2: rules: Extra inputs"),
        (b"\nlevel = 3\n", "rules.toml:2: level: Extra inputs"),
        (b'"" = 3\n', "rules.toml:1: the file: Extra inputs"),
        (b"\n\nminimum_os.lookout.ios = 16\n", "rules.toml:1: minimum_os.lookout.ios: "),
        (FIRST + SECOND + RULE + b'allowed = "high!"\n', "rules.toml:9: rule.allowed: "),
        (b"[minimum_os.lookout]\n" + FIRST + RULE, "rules.toml:5: rule.allowed: Field required"),
        (b"name =\n\n[[rule]]\n", "rules.toml:1: Invalid value"),
        (b'[[rule]]\nname = """\n', "rules.toml:2: "),
        (b"\xff", "rules.toml:1: the file is not UTF-8"),
        (b"#" * 1_048_577, "rules.toml:1: 1048577 bytes"),
        (b"\n\n" + b"a." * 10 + b"b = 1\n", "rules.toml:3: a key of more than 9 parts"),
        (b'\n["a\\"b".' + b"'c' . " * 9 + b"d]\n", "rules.toml:2: a key of more than 9 parts"),
        (b"a = " + b"9" * 5000, "rules.toml:1: a number has too many digits"),
        (b"a = " + b"[" * 5000, "rules.toml:1: a number has too many digits, or lists are nested too deep"),
    ],
)
def test_what_makes_no_sense_is_reported_with_file_line_and_reason(content: bytes, said: str) -> None:
    with pytest.raises(SettingsError) as error:
        parse(content)
    assert str(error.value).startswith(said)


def test_a_file_that_is_not_there_says_nothing_unless_it_was_named(tmp_path: pathlib.Path) -> None:
    assert load("rules.toml") == LocalRules()
    with pytest.raises(SettingsError, match=r"RULES_FILE is .*there is no such file"):
        load(str(tmp_path / "mine.toml"))


def test_a_file_is_read_from_where_it_is_named(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(WHOLE)
    assert len(load(str(path)).rules) == 1
    path.write_bytes(b"x")
    with pytest.raises(SettingsError, match=r"mine\.toml:1"):
        load(str(path))


def test_a_folder_is_no_file(tmp_path: pathlib.Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(str(tmp_path))


def test_the_file_is_checked_at_start_and_without_one_nothing_is_loaded_for_it(
    tmp_path: pathlib.Path,
) -> None:
    check("rules.toml")
    for text, reason in (("rule = 1", "mine.toml"), (None, "there is no such file")):
        path = tmp_path / "mine.toml"
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text)
        with pytest.raises(SettingsError, match=reason):
            check(str(path))
