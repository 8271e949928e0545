"""Local rules: a reviewed file beside the app, `rules.toml`, that may be stricter than Intune's policies.

    [[rule]]
    name = "Corporate iPhones: no network threats"
    allowed = "secured"      # the most that may be risked: secured, low, medium or high
    platform = "ios"         # ios or android; both where it is left out
    ownership = "company"    # company or personal; everybody's where it is left out
    category = "network"     # device, network or app; all where it is left out
    grace_hours = 24         # none where it is left out
    dry_run = true           # decides nothing, and shows what it would change

    [minimum_os.lookout]     # where Intune's connector blocks systems the partner does not support
    ios = "16.0"
    android = "12"

The strictest rule that reaches a device decides, so a local rule can only take away. It reaches devices
without a user too. Pure; what makes no sense is refused with line and reason.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from shared.domain.level import Level
from shared.domain.model import Ownership, id_part
from shared.domain.os_version import is_version
from shared.domain.record import PLATFORMS, Category, Platform
from shared.domain.rule import Assignment, Rule, RuleSource
from shared.errors import SettingsError

MAX_BYTES = 1_048_576

_HEADER = re.compile(r"\s*\[(\[?)\s*([\w.-]+)\s*\]")
_KEY = re.compile(r"\s*([\w-]+)\s*=")
MAX_PARTS = 9
"""Parts of a key with dots: the library takes the square of their number."""
_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')[ \t]*"""
_LONG_KEY = re.compile(rf"(?<![A-Za-z0-9_.\\-])(?:{_PART}\.[ \t]*){{{MAX_PARTS}}}")


@dataclass(frozen=True)
class LocalRules:
    """What the file says."""

    rules: tuple[Rule, ...] = ()
    dry: tuple[Rule, ...] = ()
    """Rules that decide nothing yet."""
    minimum_os: Mapping[str, Mapping[Platform, str]] = field(default_factory=dict)


class _Entry(BaseModel):
    """One `[[rule]]`."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=200)]
    allowed: Level
    platform: Platform | None = None
    ownership: Ownership | None = None
    category: Category | None = None
    grace_hours: float = Field(0.0, ge=0, le=8760, strict=True)
    dry_run: bool = False

    @field_validator("platform")
    @classmethod
    def _has_rules(cls, platform: Platform | None) -> Platform | None:
        if platform is Platform.OTHER:
            raise ValueError("expected ios or android")
        return platform

    @field_validator("ownership")
    @classmethod
    def _is_somebodys(cls, ownership: Ownership | None) -> Ownership | None:
        if ownership is Ownership.UNKNOWN:
            raise ValueError("expected company or personal")
        return ownership

    def rules(self) -> Iterator[Rule]:
        """The rule, for each platform it is for."""
        for platform in PLATFORMS if self.platform is None else (self.platform,):
            yield Rule(
                id=f"local:{platform}:{id_part(self.name)}",
                name=self.name,
                source=RuleSource.LOCAL,
                platform=platform,
                allowed=self.allowed,
                grace_hours=self.grace_hours,
                assignment=Assignment(all_devices=True),
                ownership=self.ownership,
                category=self.category,
            )


class _Oldest(BaseModel):
    """One `[minimum_os.<partner>]`."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    ios: str | None = None
    android: str | None = None

    @field_validator("ios", "android")
    @classmethod
    def _is_version(cls, text: str | None) -> str | None:
        if text is not None and not is_version(text):
            raise ValueError("expected a version such as '16.0'")
        return text


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    rule: list[_Entry] = []
    minimum_os: dict[str, _Oldest] = {}


def parse(content: bytes, name: str = "rules.toml") -> LocalRules:
    """The rules in `content`. SettingsError: `<name>:<line>: <reason>`."""
    if len(content) > MAX_BYTES:
        raise SettingsError(f"{name}:1: {len(content)} bytes: at most {MAX_BYTES} are taken")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"{name}:1: the file is not UTF-8") from None
    read = _toml(text, name)
    places = _places(text)
    try:
        file = _File.model_validate(read)
    except ValidationError as error:
        raise SettingsError(_reason(error, name, places)) from None
    _check_names(file, name, places)
    return LocalRules(
        rules=tuple(rule for entry in file.rule if not entry.dry_run for rule in entry.rules()),
        dry=tuple(rule for entry in file.rule if entry.dry_run for rule in entry.rules()),
        minimum_os={
            partner: {platform: least for platform in PLATFORMS if (least := getattr(oldest, platform))}
            for partner, oldest in file.minimum_os.items()
        },
    )


def _toml(text: str, name: str) -> dict[str, Any]:
    long = _LONG_KEY.search(text)
    if long:
        line = text.count("\n", 0, long.start()) + 1
        raise SettingsError(f"{name}:{line}: a key of more than {MAX_PARTS} parts")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise SettingsError(f"{name}:{found[1] if found else len(text.splitlines())}: {error}") from None
    except (ValueError, RecursionError):
        raise SettingsError(f"{name}:1: a number has too many digits, or lists are nested too deep") from None


def _check_names(file: _File, name: str, places: Mapping[tuple[Any, ...], int]) -> None:
    seen: set[str] = set()
    for place, entry in enumerate(file.rule):
        if entry.name in seen:
            line = _line(places, ("rule", place, "name"))
            raise SettingsError(f"{name}:{line}: a rule named {entry.name!r} is there already")
        seen.add(entry.name)


def _reason(error: ValidationError, name: str, places: Mapping[tuple[Any, ...], int]) -> str:
    first = error.errors()[0]
    loc = tuple(part for part in first["loc"])
    where = ".".join(str(part) for part in loc if not isinstance(part, int)) or "the file"
    return f"{name}:{_line(places, loc)}: {where}: {first['msg']}"


def _line(places: Mapping[tuple[Any, ...], int], loc: tuple[Any, ...]) -> int:
    """The line of the deepest part of `loc` that has one."""
    for length in range(len(loc), 0, -1):
        if loc[:length] in places:
            return places[loc[:length]]
    return 1


def _places(text: str) -> dict[tuple[Any, ...], int]:
    """Where tables and keys stand, as far as they are written one a line."""
    places: dict[tuple[Any, ...], int] = {}
    table: tuple[Any, ...] = ()
    rules = 0
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            names = tuple(header[2].split("."))
            table = (*names, rules) if header[1] else names
            rules += bool(header[1])
            places[table] = number
            places.setdefault(names[:1], number)
        elif key:
            places.setdefault((*table, key[1]), number)
    return places
