"""Whoever has tokens and knows whose they may be, but has not the key, finds nobody; of an unkeyed digest they would find all."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from connectors.keys import Keyring
from tests.conftest import settings_in
from tests.night.inbox import citizen_id

SPACE = [citizen_id(f"610199198{year}0101{number:03}") for year in range(10) for number in range(1, 200)]
"""Invented people of an area that does not exist: 1 990 whom the attacker suspects."""

WRITINGS: tuple[Callable[[str], str], ...] = (
    str,
    str.lower,
    lambda i: i[:6] + i[8:17],
    lambda i: f"CN{i}",
    lambda i: f"{i}\n",
)
DIGESTS = ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b", "blake2s")


def guesses(known_words: Iterable[bytes]) -> Iterator[str]:
    """Digests of everybody in the space, by what is widely used and by keys that are lying about."""
    keys = [b"", b"token", b"warehouse", bytes(32), *known_words]
    for person in SPACE:
        for write in WRITINGS:
            text = write(person).encode()
            for name in DIGESTS:
                yield hashlib.new(name, text).hexdigest()
            for key in keys:
                yield hmac.new(key, text, hashlib.sha256).hexdigest()


def identities(tokens: set[str], known_words: Iterable[bytes] = ()) -> int:
    """How many tokens are found, whole or by their first or last digits."""
    digits = len(next(iter(tokens)))
    shortest = {token[:12] for token in tokens}
    found = {guess[:digits] for guess in guesses(known_words)} & tokens
    found |= {guess for guess in guesses(known_words) if guess[:12] in shortest or guess[-digits:] in tokens}
    return len(found)


def test_brute_force_over_everybody_behind_the_tokens_finds_nobody(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "home")
    ring = Keyring.load(settings)
    tokens = {ring.token(person) for person in SPACE}
    assert len(tokens) == len(SPACE)
    # What of the keys lies outside their folder: their fingerprints.
    lying_about = [word.encode() for word in ring.fingerprints.values()]
    assert identities(tokens, lying_about) == 0


def test_the_brute_force_finds_everybody_behind_an_unkeyed_digest() -> None:
    unkeyed = {hashlib.sha256(person.encode()).hexdigest()[:32] for person in SPACE}
    assert identities(unkeyed) >= len(SPACE)
