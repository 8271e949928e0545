"""The limits `main.bicep` declares for its parameters, as the compiler read them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.preflight.deployment import Deployment, Obstacle, variable_of
from infra.recorded import recorded


def limits(deployment: Deployment) -> Iterator[Obstacle]:
    """Every value keeps to the limits main.bicep declares for its parameter."""
    declared = recorded("parameters")
    for parameter in sorted(deployment.parameters.keys() & declared.keys()):
        variable = variable_of(parameter)
        value = deployment.value(variable)
        expected = _expected(value, declared[parameter]) if value else ""
        if expected and deployment.is_literal(parameter):
            yield Obstacle(
                f"{parameter} in main.parameters.json is {value!r}", f"expected {expected}: mend it there"
            )
        elif expected:
            yield Obstacle(f"{variable} is {value!r}", f"expected {expected}: azd env set {variable} …")


def _expected(value: str, declared: Mapping[str, Any]) -> str:
    """What was expected where `value` is not it; empty where it is."""
    kind, choices = declared["type"], declared.get("allowedValues", ())
    if choices and value not in map(str, choices):
        return f"one of {', '.join(map(str, choices))}"
    if kind == "bool" and value.lower() not in {"true", "false"}:
        return "true or false"
    if kind == "int" and not _within(value, declared):
        least, most = declared.get("minValue"), declared.get("maxValue")
        return "a whole number" + (f" from {least} to {most}" if most is not None else "")
    least, most = declared.get("minLength", 0), declared.get("maxLength", 10_000)
    if kind == "string" and not least <= len(value) <= most:
        return f"{least} to {declared.get('maxLength', 'many')} characters"
    return ""


def _within(value: str, declared: Mapping[str, int]) -> bool:
    if not re.fullmatch(r"-?[0-9]{1,9}", value):
        return False
    return declared.get("minValue", int(value)) <= int(value) <= declared.get("maxValue", int(value))
