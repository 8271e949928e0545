"""What azd makes of main.parameters.json: variables put in, and texts turned into what the template declares.

Read off azd's own source, not run here (Azure/azure-dev, in cli/azd/pkg/infra/provisioning/bicep, and
drone/envsubst, which it uses): a value may name variables as `${NAME}` or `${NAME=default}`; an empty one
takes the default as one that is not set does; "true", "4" and "[]" become what the template declares; a text
that is empty because its variable is, is left out, so that the template's default stands.
"""

import json
import re
from collections.abc import Mapping

REFERENCE = re.compile(r"\$\{(\w+)(?:=([^}]*))?\}")
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}
"""What Go's strconv.ParseBool takes."""


def passed(
    given: Mapping[str, object], declared: Mapping[str, str], environment: Mapping[str, str]
) -> dict[str, object]:
    """What is passed to the template: `given` by main.parameters.json, in the types it has `declared`.

    Raises ValueError, which names the parameter, where a list or an object is written as something else.
    """
    values = {}
    for name, value in given.items():
        try:
            values[name] = _value(value, declared.get(name, "string"), environment)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return {name: value for name, value in values.items() if value != ""}


def _value(given: object, kind: str, environment: Mapping[str, str]) -> object:
    def put_in(reference: re.Match[str]) -> str:
        return environment.get(reference[1], "") or reference[2] or ""

    if not isinstance(given, str):
        return json.loads(REFERENCE.sub(put_in, json.dumps(given)))
    value = REFERENCE.sub(put_in, given)
    if kind == "bool":
        return _BOOLEANS.get(value, value)
    if kind == "int":
        return int(value) if re.fullmatch(r"[+-]?[0-9]+", value) else value
    if kind not in {"array", "object"} or not value:
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError(f"{value!r} is not the JSON of an {kind}") from None
