"""The vocabularies that settings replace: whose they are, and what is in them."""

from importlib import import_module

import pytest

from ingest_threat import partners
from ingest_threat.partner_words import partner_words
from shared.errors import SettingsError

SLUG, NAME = min(
    (slug, name)
    for slug in partners.known()
    for name in import_module(f"{partners.__name__}.{slug}").ADAPTER.words
)
KEY = f"{SLUG}_{NAME}"


def test_words_are_separated_by_commas_and_known_by_partner_and_vocabulary() -> None:
    assert partner_words({KEY: " closed , put right,,done"}) == {
        (SLUG, NAME): ("closed", "put right", "done")
    }
    assert partner_words({}) == {}


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("nobody_open", "x", "WORDS_NOBODY_OPEN: no partner has a vocabulary of that name"),
        (f"{SLUG}_nothing", "x", f"WORDS_{SLUG.upper()}_NOTHING: no partner has a vocabulary of that name"),
        (KEY, " , ", f"WORDS_{KEY.upper()}: expected words, separated by commas"),
        (KEY, "", f"WORDS_{KEY.upper()}: expected words, separated by commas"),
    ],
)
def test_a_vocabulary_nobody_has_or_without_words_is_refused(key: str, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        partner_words({key: text})
    assert str(refused.value) == said
