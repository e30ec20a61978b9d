"""The audit: whether the chain of events is whole, whether the tables say what it says, and whether receipts know the same chain.

Reading only, in one snapshot, event by event, so that it takes as little memory for millions of events as for ten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from connectors.warehouse.events import FACTS, event_hash
from connectors.warehouse.recorded import RECORDED, Recorded

MOST_FAULTS = 20
"""So many faults of a table are told one by one."""

BATCH = 5_000
"""Events fetched at once."""

TABLES_ZH = {
    "archive.delivery": "送达记录",
    "ops.delivery_outcome": "送达结果",
    "ops.submission": "报送记录",
    "ops.replay": "重新判定记录",
    "ops.withdrawal": "撤回记录",
    "ops.correction": "更正记录",
    "ops.correction_approval": "更正批准记录",
    "ops.waiver": "豁免记录",
    "ops.waiver_end": "豁免终止记录",
    "ops.confirmation": "确认记录",
    "bi.release": "发布记录",
    "ops.closing": "结账记录",
    "ops.reopening": "重新打开记录",
    "ops.submission_held": "等待重述记录",
    "ops.submission_let_in": "重述计入记录",
    "ops.unmasking": "个人信息查看记录",
}


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain as somebody knows it: the number of an event (0 before the first) and its hash."""

    event_id: int
    hash: str

    @property
    def short_hash(self) -> str:
        """Enough of the hash to compare by eye."""
        return self.hash[:12]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was recorded, in plain words; `event_id` is the first event that it concerns."""

    event_id: int | None
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found: the end of the chain, how many events it walked, how many rows of tables it compared, and the faults."""

    head: Head
    events: int
    rows: int
    faults: tuple[Fault, ...]


def read_head(conn: psycopg.Connection[Any]) -> Head:
    """The end of the chain as it is now."""
    [(event_id, last_hash)] = conn.execute("select event_id, hash from ops.event_head").fetchall()
    return Head(event_id, last_hash)


def audit(
    conn: psycopg.Connection[Any], known: Mapping[str, Head], tell: Callable[[int, int], object] = lambda _, __: None
) -> Audit:
    """Walk the chain, hold the tables against it, and then what receipts know: those given (by a name for each) and those issued here.

    `tell` hears how many events were walked, and of how many.
    """
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read, read only")
        head = read_head(conn)
        walked, faults = _walk(conn, head, tell)
        rows = 0
        for recorded in RECORDED.values():
            compared, found = _compare(conn, recorded)
            rows, faults = rows + compared, faults + found
        faults += _forgotten(conn, {**_issued(conn), **known})
    return Audit(head, walked, rows, tuple(faults))


def _walk(conn: psycopg.Connection[Any], head: Head, tell: Callable[[int, int], object]) -> tuple[int, list[Fault]]:
    """How many events hold together, and the first that does not."""
    columns = sql.SQL(", ").join(map(sql.Identifier, FACTS))
    query = sql.SQL("select event_id, happened_at, details, hash, {} from ops.event order by event_id").format(columns)
    last = Head(0, "")
    with conn.cursor("chain", row_factory=dict_row) as cursor:
        cursor.execute(query)
        while events := cursor.fetchmany(BATCH):
            for event in events:
                if fault := _fault_of(event, last):
                    return last.event_id, [fault]
                last = Head(event["event_id"], event["hash"])
            tell(last.event_id, max(last.event_id, head.event_id))
    return last.event_id, [] if last == head else [_fault_at_end(last, head)]


def _fault_of(event: Mapping[str, Any], last: Head) -> Fault | None:
    event_id, due = event["event_id"], last.event_id + 1
    if event_id != due:
        gap = f"{due}" if event_id == due + 1 else f"{due}–{event_id - 1}"
        return Fault(
            due,
            f"事件链在第 {due} 个事件处断开：缺少事件 {gap}",
            f"the chain breaks at event {due}: missing is {gap}",
        )
    facts = {name: event[name] for name in FACTS}
    if event_hash(last.hash, event_id, event["happened_at"], facts, event["details"]) == event["hash"]:
        return None
    at = f"{event['happened_at']:%Y-%m-%d %H:%M}"
    return Fault(
        event_id,
        f"事件链在第 {event_id} 个事件处断开：该事件（{at} {event['kind']}）与它的哈希或前一个事件不符，它或它之前的事件被改动、插入或调换过",
        f"the chain breaks at event {event_id} ({at} {event['kind']}): it does not fit its hash or the event before it; "
        "it, or one before it, was changed, put in or moved",
    )


def _fault_at_end(last: Head, head: Head) -> Fault:
    if last.event_id < head.event_id:
        return Fault(
            last.event_id + 1,
            f"事件链末端被截去：应到第 {head.event_id} 个事件，只到第 {last.event_id} 个",
            f"the end of the chain was cut off: it should go to event {head.event_id} and goes to {last.event_id}",
        )
    return Fault(
        last.event_id,
        f"事件链末端与记录不符：记录到第 {head.event_id} 个事件，实有 {last.event_id} 个",
        f"the end of the chain is not as recorded: event {head.event_id} is, and there are {last.event_id}",
    )


def _compare(conn: psycopg.Connection[Any], recorded: Recorded) -> tuple[int, list[Fault]]:
    """How many rows of a table there are, and which of them are not as the event says that made them."""
    query = sql.SQL(
        "with told as (select distinct on (r.key) r.key, r.value as digest, e.event_id from ops.event e,"
        "   jsonb_each_text(e.details -> 'rows' -> {table}) r where e.details -> 'rows' ? {table}"
        # An erasure tells rows anew; the digest of one that it gave another key is null.
        "   order by r.key, e.event_id desc),"
        " there as (select {key}::text as key, {digest} as digest from {source} t),"
        " wrong as (select coalesce(told.key, there.key) as key, told.event_id, told.key is null as is_untold, there.key is null as is_gone"
        "   from told full join there using (key) where told.digest is distinct from there.digest)"
        " select w.*, count(*) over () as faults from wrong w order by event_id, length(key), key limit {most}"
    ).format(
        table=sql.Literal(recorded.table),
        key=sql.Identifier("t", recorded.key),
        digest=recorded.digest_of("t"),
        source=recorded.name,
        most=sql.Literal(MOST_FAULTS),
    )
    with conn.cursor(row_factory=dict_row) as cursor:
        wrong = cursor.execute(query).fetchall()
    [(rows,)] = conn.execute(sql.SQL("select count(*) from {}").format(recorded.name)).fetchall()
    faults = [_fault_of_row(recorded, row) for row in wrong]
    if wrong and (more := wrong[0]["faults"] - len(wrong)):
        name = TABLES_ZH.get(recorded.table, recorded.table)
        faults.append(Fault(None, f"{name}：另有 {more} 行与事件不符", f"{recorded.table}: {more} more rows differ"))
    return rows, faults


def _fault_of_row(recorded: Recorded, row: Mapping[str, Any]) -> Fault:
    name, key, event_id = TABLES_ZH.get(recorded.table, recorded.table), row["key"], row["event_id"]
    # The key of a confirmation is a token of no use to people.
    shown = key if recorded.key_type == "bigint" else f"{key[:12]}…"
    if row["is_untold"]:
        zh, en = "没有任何事件记录它，是绕过系统加入的", "no event tells of it: it was put in past the system"
    elif row["is_gone"]:
        zh, en = f"事件 {event_id} 记录了它，表中却没有，已被删除", f"event {event_id} tells of it, and it is gone"
    else:
        zh, en = f"与事件 {event_id} 记录时不同，此后被改动过", f"it was changed since event {event_id} recorded it"
    return Fault(event_id, f"{name} {shown}（{recorded.table}）：{zh}", f"{recorded.table} {shown}: {en}")


def _issued(conn: psycopg.Connection[Any]) -> dict[str, Head]:
    """The ends of the chain that the receipts issued here know, each by the first delivery whose receipt has it."""
    rows = conn.execute(
        "select min(delivery_id), (receipt #>> '{chain,event_id}')::bigint, receipt #>> '{chain,hash}' from ops.reply"
        " where receipt ? 'chain' group by 2, 3 order by 2"
    )
    return {f"{delivery_id}": Head(event_id, last_hash) for delivery_id, event_id, last_hash in rows}


def _forgotten(conn: psycopg.Connection[Any], known: Mapping[str, Head]) -> list[Fault]:
    """The receipts that know an event which this chain does not have, or has otherwise."""
    heads = {name: head for name, head in known.items() if head.event_id}
    there: dict[int, str] = dict(
        conn.execute(
            "select event_id, hash from ops.event where event_id = any(%s)", ([h.event_id for h in heads.values()],)
        ).fetchall()
    )
    return [
        Fault(
            head.event_id,
            f"送达 {name} 的回执记着第 {head.event_id} 个事件（哈希 {head.short_hash}…），"
            + ("事件链中已没有它，末端被截去" if head.event_id not in there else "事件链中的哈希与之不同，链被改写过"),
            f"the receipt of delivery {name} knows event {head.event_id} (hash {head.short_hash}…), which the chain "
            + (
                "lacks: its end was cut off"
                if head.event_id not in there
                else "has with another hash: it was rewritten"
            ),
        )
        for name, head in heads.items()
        if there.get(head.event_id) != head.hash
    ]


def heads_of(receipts: Iterable[Mapping[str, Any]]) -> dict[str, Head]:
    """What receipts know of the chain, by delivery; older receipts know nothing of it. Raises: KeyError, TypeError, ValueError."""
    return {
        str(receipt["delivery_id"]): Head(int(receipt["chain"]["event_id"]), str(receipt["chain"]["hash"]))
        for receipt in receipts
        if "chain" in receipt
    }
