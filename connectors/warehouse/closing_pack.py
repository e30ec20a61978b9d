"""The pack of a closed period: its figures as frozen, how complete they were, and a signed manifest of both, in one ZIP.

indicator_value.csv   every figure of the period and of the periods inside it, in the release that was closed (UTF-8 with BOM, so that
                      Excel reads the Chinese)
completeness.csv      every answer that was expected or given, and how it stood
manifest.json         in a sentence first: what was closed, by whom, when and why, the release, the end of the chain of events, and
                      the SHA-256 of each file; sealed member by member and signed as receipts are

The same closing gives the same bytes. It holds no personal data.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from connectors.replies.receipts import Receipt, Verdict, sealed, verify_receipt

if TYPE_CHECKING:
    from connectors.replies.signing import PublicKey, SigningKey

PACK_VERSION = 1
MANIFEST = "manifest.json"
BOM = b"\xef\xbb\xbf"
_FIRST_TIME = (1980, 1, 1, 0, 0, 0)

_FIGURES = (
    "select h.indicator_id, i.name_zh, h.org_level, h.org_id, h.period_type, h.period, trim_scale(h.value) as value,"
    " trim_scale(h.numerator) as numerator, trim_scale(h.denominator) as denominator, trim_scale(h.completeness) as completeness"
    " from bi.indicator_value_as_of({release}::bigint) h left join bi.indicator i using (indicator_id)"
    " where h.period = any({ids})"
    " order by h.period_type, h.period, h.indicator_id, h.org_level, h.org_id"
)
_COMPLETENESS = (
    "select form_id, form_title, unit_id, period, expected, accepted, on_time, nil_return, due_date, version, state"
    " from bi.completeness where period = any({ids}) order by form_id, period, unit_id"
)


def write_pack(
    conn: psycopg.Connection[Any], target: Path, facts: Receipt, ids: list[str], key: SigningKey
) -> tuple[Receipt, str]:
    """Write the pack of these periods at `target`; gives its manifest, which begins with `facts`, and the SHA-256 of the file."""
    values = {"ids": sql.Literal(ids), "release": sql.Literal(facts["release_id"])}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as pack:
        files = {
            name: _write_table(conn, pack, name, sql.SQL(query).format(**values))
            for name, query in (("indicator_value.csv", _FIGURES), ("completeness.csv", _COMPLETENESS))
        }
        manifest = sealed({**facts, "pack": PACK_VERSION, "files": files}, key)
        text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
        pack.writestr(_entry(MANIFEST), text.encode())
    with target.open("rb") as file:
        return manifest, hashlib.file_digest(file, "sha256").hexdigest()


def verify_pack(path: Path, key: PublicKey) -> Verdict:
    """Whether a pack is as the holder of the key made it, and if not, what differs: files by name, members of the manifest."""
    try:
        with zipfile.ZipFile(path) as pack:
            manifest = json.loads(pack.read(MANIFEST))
            if "pack" not in manifest:
                return _NO_PACK
            verdict = verify_receipt(manifest, key)
            if not verdict.is_genuine:
                return verdict
            found = {name: _digest(pack, name) for name in pack.namelist() if name != MANIFEST}
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError, NotImplementedError, RuntimeError):
        return _NO_PACK
    told = manifest["files"]
    return Verdict(tuple(sorted(name for name in {*told, *found} if told.get(name) != found.get(name))))


_NO_PACK = Verdict(reason_zh="不是结账包，或已损坏", reason_en="it is no pack of a closing, or it is damaged")


def _write_table(conn: psycopg.Connection[Any], pack: zipfile.ZipFile, name: str, query: sql.Composed) -> str:
    digest = hashlib.sha256(BOM)
    statement = sql.SQL("copy ({}) to stdout (format csv, header)").format(query)
    with (
        pack.open(_entry(name), "w", force_zip64=True) as file,
        conn.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        file.write(BOM)
        for block in copy:
            file.write(block)
            digest.update(block)
    return digest.hexdigest()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _FIRST_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _digest(pack: zipfile.ZipFile, name: str) -> str:
    with pack.open(name) as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
