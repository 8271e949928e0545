"""A short part of `make fuzz`, the same each time, and that it finds what there is to find."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from importlib import import_module

import pytest

from ingest_threat import partners
from poll_partners.found import sources
from poll_partners.source import ByHttp
from shared.errors import BadRequest, MtdError
from tests.fuzz import __main__ as command
from tests.fuzz import polled
from tests.fuzz.guided import guided, is_installed
from tests.fuzz.target import Target, TooSlow, tried
from tests.fuzz.targets import TARGETS


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_whatever_is_read_only_our_own_errors_escape(target: Target) -> None:
    assert tried(target, inputs=40, lengths=2, start=1).finding is None


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_reader_reads_its_samples(target: Target) -> None:
    """Else all it is fed would be refused at its door."""
    read = [content for content in target.samples if _is_read(target, content)]
    assert read or target.name in {"signatures", "authorization"}, "nobody's, and refused as such"


def _is_read(target: Target, content: bytes) -> bool:
    try:
        target.read(content)
    except target.refuses:
        return False
    return True


def test_every_partner_is_fed() -> None:
    assert {f"adapter {partner}" for partner in partners.known()} <= {target.name for target in TARGETS}


def test_no_two_readers_have_one_name_and_each_refuses_by_errors_of_ours() -> None:
    assert len({target.name for target in TARGETS}) == len(TARGETS)
    foreign = {each for target in TARGETS for each in target.refuses if not issubclass(each, MtdError)}
    assert {each.__module__ for each in foreign} <= {"shared.domain.device_rule"}


MISTAKES: dict[str, Callable[[bytes], object]] = {
    "a value nobody expects": bytes.decode,
    "a number that is too long": lambda content: json.loads(content)[0]["a"] + 1,
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found_with_what_shows_it(name: str) -> None:
    wrong = Target(name, MISTAKES[name], (b'[{"a": 1}]',), (BadRequest,))
    finding = tried(wrong, inputs=200, lengths=1, start=1).finding
    assert finding is not None
    assert "fed: " in finding


def test_time_that_grows_with_the_square_is_found() -> None:
    slow = Target("slow", lambda content: [content.count(b"ab") for _ in content], (b"a",), ())
    with pytest.raises(TooSlow, match="Growth"):
        slow.longer((b"", b"a", b""))


@pytest.mark.skipif(not is_installed(), reason="Atheris is not installed: its wheels are for Linux on x86-64")
def test_what_is_led_by_the_code_it_reaches_finds_what_chance_does_not() -> None:
    def read(content: bytes) -> None:
        if content[:4] == b"open" and content[4:6] == b"{}":
            content[6:].decode()

    read = import_module("atheris").instrument_func(read)
    wrong = Target("wrong", read, (b"open{}",), (BadRequest,))
    found = guided(wrong, limits=["-runs=500000"], start=1)
    assert found.finding is not None
    assert "UnicodeDecodeError" in found.finding
    assert "fed: b'open{}" in found.finding
    right = Target("right", read, (b"open{}",), (UnicodeDecodeError,), words=(b"open", b"\xff"))
    held = guided(right, limits=["-runs=2000"], start=1)
    assert (held.inputs, held.finding) == (2000, None)


def test_time_wins_and_the_seed_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "is_installed", lambda: False)
    nothing_wrong = Target("fine", len, (b"a",), ())
    monkeypatch.setattr(command, "TARGETS", (nothing_wrong,))
    begun = time.monotonic()
    assert command.main(["--minutes", "0.01", "--seed", "7"]) == 0
    assert time.monotonic() - begun < 30
    printed = capsys.readouterr().out
    assert printed.startswith("seed 7: 1 readers, 0.01 minutes\n")
    assert " inputs, 0 findings\n" in printed
    assert "Atheris is not installed" in printed


def test_a_finding_is_printed_once_with_how_to_see_it_again_and_fails_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "is_installed", lambda: False)
    monkeypatch.setattr(
        command, "TARGETS", (Target("wrong", MISTAKES["a value nobody expects"], (b"a",), ()),)
    )
    assert command.main(["--minutes", "1", "--seed", "3"]) == 1
    printed = capsys.readouterr().out
    assert "wrong (--seed 3 --only 'wrong')\nUnicodeDecodeError" in printed


def test_every_source_that_is_polled_is_fed() -> None:
    asked = {name for name, source in sources().items() if isinstance(source, ByHttp)}
    assert polled.SAMPLES.keys() == asked, "SAMPLES of tests/fuzz/polled.py has a page of each"
