"""No pattern of the product takes longer over a text than its length explains, whatever the text."""

import ast
import re
from collections.abc import Callable
from types import ModuleType

import pytest

from tests.costs.growth import Growth, growth
from tests.costs.hostile import texts
from tests.costs.patterns import GOING_ON, Found, found, modules

LENGTHS = [16 * 4**n for n in range(6)]
"""From what even an exponential pattern reads in a moment, up to 16 KiB."""
PATTERNS = found(modules())


def readers(each: Found) -> dict[str, Callable[[str], object]]:
    """Its methods that read, by name: all that go on behind a match read alike, and one stands for them."""
    names = each.methods - GOING_ON | ({"findall"} if each.methods & GOING_ON else set())
    return {name: getattr(each.pattern, name) for name in sorted(names)}


def slow(each: Found, *, at_once: bool = False) -> dict[tuple[str, str], Growth]:
    """The texts, by method, over which a pattern takes too long; one of them is enough where `at_once`."""
    costs: dict[tuple[str, str], Growth] = {}
    for method, read in readers(each).items():
        for text, made in texts(each.pattern).items():
            grown = growth(read, made, LENGTHS)
            if grown is not None:
                costs[method, text] = grown
                if at_once:
                    return costs
    return costs


@pytest.mark.parametrize("each", PATTERNS, ids=lambda each: each.where)
def test_a_pattern_reads_no_longer_than_its_text_is_long(each: Found) -> None:
    assert slow(each) == {}


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        ("(?:api|enrol[a-z]*)key", "search"),
        (r"\s+$", "sub"),
        (r"[0-9]+x", "finditer"),
        ('"[^"]*"!|<[^>]*>', "search"),
        (r"(?:a|a)*b", "fullmatch"),
        (r"(\w+\s?)*:", "match"),
        (r"x*y*x*y*z", "fullmatch"),
        (r"(?i)begin.*?end", "search"),
        (r"\bat (\S+ )*(\S+ )*end", "search"),
        (r"(?:RISK|DATA)*(?:NO)?(?:RISK|DATA)*", "fullmatch"),
        (r"(?:(?=[a-z]*1)[a-z])+", "match"),
        (r"(?>\(.*?\))x", "search"),
    ],
)
def test_a_slow_pattern_is_found(pattern: str, method: str) -> None:
    assert slow(Found("here", re.compile(pattern), frozenset({method})), at_once=True)


@pytest.mark.parametrize(
    "pattern", ["enrol[a-z]{0,30}key", r"(?<!\s)\s+$", "(?<![0-9])[0-9]+x", r"\b(?:a|b)*c", r"\bend\b"]
)
def test_a_linear_one_is_not(pattern: str) -> None:
    assert slow(Found("here", re.compile(pattern), frozenset({"search"}))) == {}


SOURCE = """
import re
from pydantic import BaseModel, Field

FLAGS = re.IGNORECASE
_PLAIN = re.compile("plain")
_TABLE = {"row": [(re.compile("table", FLAGS),)]}
_METHOD = re.compile("method").fullmatch
PART = "[a-z]"

class Row:
    OWN = re.compile("class")

def read(text, word, shapes=(re.compile("default"),)):
    _PLAIN.sub("", text)
    re.split(rf"{PART}{word}", text, flags=FLAGS)
    return [shape.match(text) for shape in shapes], list(map(_PLAIN.findall, text)), Row.OWN.search(text)

class Model(BaseModel):
    name: str = Field(pattern="field$")
"""


def test_every_pattern_is_found_with_the_ways_it_is_used() -> None:
    module = ModuleType("seeded")
    exec(
        compile(SOURCE.replace("class Row:", "class Row:\n    __module__ = 'seeded'"), "seeded", "exec"),
        vars(module),
    )
    all_of = {each.pattern.pattern: each for each in found([(module, ast.parse(SOURCE))])}
    used = {
        "plain": {"sub", "findall"},
        "table": {"match"},
        "method": {"fullmatch"},
        "class": {"search"},
        "default": {"match"},
        "[a-z]ab": {"split"},
        "field$": {"search"},
    }
    assert all_of.keys() == used.keys()
    assert all(all_of[name].methods >= methods for name, methods in used.items())
    assert all_of["plain"].methods == used["plain"]
    assert all_of["table"].pattern.flags & all_of["[a-z]ab"].pattern.flags & re.IGNORECASE


def test_those_of_the_product_are_among_them() -> None:
    names = {each.where.rpartition(":")[2] for each in PATTERNS}
    assert names >= {"_ANYWHERE", "_PERSONAL", "_FORMS", "BEHIND_IDENTITY", "_CONTINUATION"}
