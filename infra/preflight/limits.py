"""The limits `main.bicep` declares for its parameters."""

import re
from collections.abc import Iterator, Mapping

from infra.preflight.deployment import INFRA, Deployment, Finding

_VARIABLE = re.compile(r"\$\{(\w+)(?:=[^}]*)?\}")
_PARAMETER = re.compile(r"((?:^@[^\n]*\n(?:^[^@p\n][^\n]*\n)*)*)^param (\w+) (\w+)", re.MULTILINE)


def limits(deployment: Deployment) -> Iterator[Finding]:
    """Every value keeps to the limits main.bicep declares for its parameter."""
    declared = {name: (kind, decorators) for decorators, name, kind in _declared()}
    for parameter, given in deployment.parameters.items():
        match = _VARIABLE.fullmatch(given) if isinstance(given, str) else None
        value = deployment.value(match[1]) if match else _as_text(given)
        if value and parameter in declared:
            expected = _expected(value, *declared[parameter])
            if expected:
                name = match[1] if match else f"{parameter} in main.parameters.json"
                remedy = f"azd env set {match[1]} …" if match else "mend it there"
                yield Finding(f"{name} is {value!r}", f"expected {expected}: {remedy}")


def _as_text(given: object) -> str:
    """A value that stands in the file itself; empty for a list, which has no limits."""
    if isinstance(given, bool):
        return str(given).lower()
    return str(given) if isinstance(given, str | int) else ""


def _declared() -> list[tuple[str, str, str]]:
    return _PARAMETER.findall((INFRA / "main.bicep").read_text(encoding="utf-8"))


def _expected(value: str, kind: str, decorators: str) -> str:
    """What was expected where `value` is not it; empty where it is."""
    bounds = {name: int(number) for name, number in re.findall(r"@(m\w+)\((-?\d+)\)", decorators)}
    allowed = re.search(r"@allowed\(\[([^\]]*)\]", decorators)
    choices = [each.strip().strip("'") for each in allowed[1].split("\n") if each.strip()] if allowed else []
    if choices and value not in choices:
        return f"one of {', '.join(choices)}"
    if kind == "bool" and value.lower() not in {"true", "false"}:
        return "true or false"
    if kind == "int" and not _within(value, bounds):
        least, most = bounds.get("minValue"), bounds.get("maxValue")
        return "a whole number" + (f" from {least} to {most}" if most is not None else "")
    if kind == "string" and not bounds.get("minLength", 0) <= len(value) <= bounds.get("maxLength", 10_000):
        return f"{bounds.get('minLength', 0)} to {bounds.get('maxLength', 'many')} characters"
    return ""


def _within(value: str, bounds: Mapping[str, int]) -> bool:
    if not re.fullmatch(r"-?[0-9]{1,9}", value):
        return False
    return bounds.get("minValue", int(value)) <= int(value) <= bounds.get("maxValue", int(value))
