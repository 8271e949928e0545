"""The limits `main.bicep` declares for its parameters."""

import re
from collections.abc import Iterator, Mapping

from infra.preflight.deployment import INFRA, Deployment, Obstacle, variable_of

_PARAMETER = re.compile(r"((?:^@[^\n]*\n(?:^[^@p\n][^\n]*\n)*)*)^param (\w+) (\w+)", re.MULTILINE)


def limits(deployment: Deployment) -> Iterator[Obstacle]:
    """Every value keeps to the limits main.bicep declares for its parameter."""
    declared = {name: (kind, decorators) for decorators, name, kind in _declared()}
    for parameter in sorted(deployment.parameters.keys() & declared.keys()):
        variable = variable_of(parameter)
        value = deployment.value(variable)
        expected = _expected(value, *declared[parameter]) if value else ""
        if expected and deployment.is_literal(parameter):
            yield Obstacle(
                f"{parameter} in main.parameters.json is {value!r}", f"expected {expected}: mend it there"
            )
        elif expected:
            yield Obstacle(f"{variable} is {value!r}", f"expected {expected}: azd env set {variable} …")


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
