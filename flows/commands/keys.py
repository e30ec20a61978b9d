"""`warehouse keys`: the keys that seal personal data and the archive, changed while nights run."""

from __future__ import annotations

from dataclasses import asdict

import click

from connectors.settings import load_settings
from flows.desk import author_option, reading, reason_option, sound_reason
from flows.progress import progress
from flows.speech import Speaker, SpokenGroup, command, json_option, pass_speaker, say_json
from flows.tables import draw_table


@click.group(
    "keys",
    cls=SpokenGroup,
    zh="加密个人信息与存档的密钥：列出、新建、重新加密、停用。夜间任务运行时也可以进行。\n\n"
    "轮换：keys new，keys reseal，等旧任务结束后再 keys reseal 一次，keys retire。",
    en="The keys that seal personal data and the archive: list, new, reseal, retire; also while nights run.\n\n"
    "To rotate: keys new, keys reseal, once more when older runs have ended, keys retire.",
)
def command_line() -> None:
    """Seal keys."""


@command("list", "列出密钥，以及还有多少内容用它加密。", "List the keys, and how much is sealed with each.")
@json_option
@pass_speaker
def list_keys(speaker: Speaker, as_json: bool) -> int:
    """List the seal keys."""
    from connectors.warehouse.key_rotation import SealKey, read_keys

    settings = load_settings()
    with reading(settings) as conn:
        keys = read_keys(settings, conn)
    if as_json:
        say_json([asdict(key) for key in keys])
        return 0

    def state(key: SealKey) -> str:
        if key.retired_at:
            still = speaker.words("，但文件还在：请再执行 keys retire", ", but its file is here: retire it again")
            return speaker.words("已停用", "retired") + still * key.is_here
        if key.is_current:
            return speaker.words("加密", "seals")
        return (
            speaker.words("只解密", "opens")
            + speaker.words("，有任务仍用它加密", ", a run still seals with it") * key.is_held
        )

    headings = speaker.words(
        "密钥 指纹 状态 个人信息行 文件 停用时间", "key fingerprint state rows files retired_at"
    ).split()
    lines = [
        [k.key_id, k.fingerprint, state(k), k.rows, k.files, f"{k.retired_at:%Y-%m-%d %H:%M}" if k.retired_at else ""]
        for k in keys
    ]
    text = draw_table(headings, lines, (3, 4))
    speaker.say(text, text)
    return 0


@command(
    "new",
    "新建下一个密钥。此后开始的任务用它加密；旧密钥仍能解密。请把新密钥文件另存一处，多台机器的各放一份。",
    "Make the next key. What begins from now on seals with it; older keys still open. Keep a copy of it elsewhere, and one on each machine.",
)
@reason_option
@author_option
@json_option
@pass_speaker
def new(speaker: Speaker, reason: str, author: str, as_json: bool) -> int:
    """Make a seal key."""
    from connectors.warehouse.key_rotation import make_key

    settings = load_settings()
    with reading(settings) as conn:
        key_id = make_key(settings, conn, sound_reason(author), sound_reason(reason))
    path = settings.keys_dir / f"seal-{key_id}.key"
    if as_json:
        say_json({"key": key_id, "path": str(path)})
        return 0
    speaker.say(
        f"新密钥 {key_id}：{path}。请立即另存一份；然后执行 warehouse keys reseal。",
        f"New key {key_id}: {path}. Keep a copy elsewhere at once; then run warehouse keys reseal.",
    )
    return 0


@command(
    "reseal",
    "把用旧密钥加密的个人信息和存档文件改用最新的密钥加密。可随时中断，再次执行会接着做；夜间任务可同时运行。",
    "Seal anew, with the newest key, whatever older ones sealed. May be killed anywhere and goes on when run again; nights may run beside it.",
)
@json_option
@pass_speaker
def reseal_all(speaker: Speaker, as_json: bool) -> int:
    """Seal anew."""
    from connectors.warehouse.key_rotation import reseal

    settings = load_settings()
    with reading(settings) as conn, progress(speaker.words("重新加密", "sealing anew"), "reseal") as tell:
        done = reseal(settings, conn, tell)
    if as_json:
        say_json(asdict(done))
    else:
        speaker.say(
            f"已重新加密：个人信息 {done.rows} 行、文件 {done.files} 个；仍用旧密钥的：{done.rows_left} 行、{done.files_left} 个文件"
            f"（其中不能打开的 {done.unreadable}）。",
            f"Sealed anew: {done.rows} personal rows, {done.files} files; still sealed with older keys: {done.rows_left} rows, "
            f"{done.files_left} files (of these cannot be opened: {done.unreadable}).",
        )
        if done.rows_left or done.files_left:
            speaker.note(
                "运行中的旧任务仍会用旧密钥加密；待其结束后再执行一次。不能打开的，是密钥已销毁或内容已损坏。",
                "Runs that began earlier still seal with the older key: run this again when they have ended. "
                "What cannot be opened is damaged, or its key destroyed.",
            )
    return 1 if done.rows_left or done.files_left else 0


@command(
    "retire",
    "停用并销毁密钥 KEY（如 k0001）。仍有内容用它加密、或有任务仍在用它时拒绝。\n\n"
    "此后，轮换之前的备份中用它加密的内容不能再打开。另存在别处的副本请自行销毁。",
    "Retire and destroy the key KEY (such as k0001); refused while anything is sealed with it, or a run uses it.\n\n"
    "From then on, what older backups sealed with it cannot be opened. Destroy the copies kept elsewhere yourself.",
)
@click.argument("key_id", metavar="KEY")
@reason_option
@author_option
@json_option
@pass_speaker
def retire_key(speaker: Speaker, key_id: str, reason: str, author: str, as_json: bool) -> int:
    """Destroy a seal key."""
    from connectors.warehouse.key_rotation import retire

    settings = load_settings()
    with reading(settings) as conn:
        retire(settings, conn, key_id, sound_reason(author), sound_reason(reason))
    if as_json:
        say_json({"key": key_id, "retired": True})
        return 0
    speaker.say(
        f"密钥 {key_id} 已停用，文件已销毁。请同样销毁另存的副本，并立即做一次备份：此前的备份中用它加密的内容不能再打开。",
        f"The key {key_id} is retired and its file destroyed. Destroy the copies kept elsewhere too, and make a backup now: "
        "what older backups sealed with it cannot be opened any more.",
    )
    return 0


for _each in (list_keys, new, reseal_all, retire_key):
    command_line.add_command(_each)
