"""Variables go into main.parameters.json as azd puts them there."""

import pytest

from infra.azd import passed


@pytest.mark.parametrize(
    ("given", "kind", "environment", "value"),
    [
        ("${NAME}", "string", {"NAME": "dev"}, "dev"),
        ("rg-${NAME}-${NAME}", "string", {"NAME": "dev"}, "rg-dev-dev"),
        ("${MODE=report}", "string", {}, "report"),
        ("${MODE=report}", "string", {"MODE": ""}, "report"),
        ("${MODE=report}", "string", {"MODE": "enforce"}, "enforce"),
        ("${URL=https://graph.example/v1.0}", "string", {}, "https://graph.example/v1.0"),
        ("${SCHEDULE=0 */15 * * * *}", "string", {}, "0 */15 * * * *"),
        ("${ON=false}", "bool", {}, False),
        ("${ON=false}", "bool", {"ON": "True"}, True),
        ("${ON=false}", "bool", {"ON": "1"}, True),
        ("${ON=false}", "bool", {"ON": "yes"}, "yes"),
        ("${LIMIT=-1}", "int", {}, -1),
        ("${LIMIT=-1}", "int", {"LIMIT": "007"}, 7),
        ("${LIMIT=-1}", "int", {"LIMIT": "7.5"}, "7.5"),
        ("${LIST=[]}", "array", {"LIST": '["a"]'}, ["a"]),
        (["${NAME}"], "array", {"NAME": "dev"}, ["dev"]),
        ([], "array", {}, []),
        (7, "int", {}, 7),
    ],
)
def test_a_value_is_passed_in_its_type(
    given: object, kind: str, environment: dict[str, str], value: object
) -> None:
    assert passed({"it": given}, {"it": kind}, environment) == {"it": value}


def test_a_text_that_is_empty_because_its_variable_is_leaves_the_templates_default() -> None:
    assert passed({"a": "${A}", "b": "${B=}"}, {"a": "string", "b": "string"}, {"B": ""}) == {}
