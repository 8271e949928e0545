"""The vocabularies of partners that settings replace: `WORDS_<SLUG>_<NAME>`. Pure."""

from collections.abc import Mapping

from ingest_threat import partners
from shared.errors import SettingsError


def partner_words(given: Mapping[str, str]) -> partners.PartnerWords:
    """The words set, by partner and vocabulary. SettingsError where there is no such one, or nothing in
    it."""
    words = {}
    for key, text in given.items():
        vocabulary = partners.vocabulary(key)
        spoken = tuple(word for each in text.split(",") if (word := each.strip()))
        if vocabulary is None:
            raise SettingsError(f"WORDS_{key.upper()}: no partner has a vocabulary of that name")
        if not spoken:
            raise SettingsError(f"WORDS_{key.upper()}: expected words, separated by commas")
        words[vocabulary] = spoken
    return words
