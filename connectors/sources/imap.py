"""A mailbox as a source: the attachments of mails from known senders.

The mailbox is opened read only and mails are fetched with PEEK: nothing is marked, moved or deleted. A mail is known by the mailbox's
UIDVALIDITY and its UID, so that it comes once whatever else happens in the mailbox.
"""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.sources.attachments import attachments_of
from connectors.sources.declared import ImapDeclared
from connectors.sources.errors import Located, SourceFailed
from connectors.sources.imap_mail import Mail, grouped, imap_day
from connectors.sources.made_objects import MadeObjects, make_object
from connectors.sources.secrets import read_secret
from connectors.sources.source import Ground, Listing, SourceObject

BATCH = 200
"""Mails whose sender is asked for at once."""

LARGEST_BYTES = 100_000_000
"""A mail larger than this is not fetched: no mail server lets one through, so its size is a lie."""

Names = list[str]


class ImapSource(MadeObjects, Located):
    """One mailbox, connected. Raises: SourceFailed."""

    def __init__(self, declared: ImapDeclared, ground: Ground) -> None:
        self.source_id = declared.id
        self._declared, self._ground, self._deadline = declared, ground, ground.deadline
        self.location = f"imap://{declared.host}:{declared.port}/{declared.mailbox}"
        self._imap: imaplib.IMAP4 | None = None
        try:
            with self._failures():
                self._imap = self._connect()
                self._log_in()
                self._validity = self._select()
        except SourceFailed:
            self.close()
            raise

    def list(self) -> Listing:
        """The attachments of the mails that were not taken before, all of them; of a mail taken before, what was taken."""
        taken = self._taken()
        objects: list[SourceObject] = []
        refused = 0
        with self._failures():
            uids = self._uids()
            for name in (name for uid in uids for name in taken.get(uid, ())):
                known = self._ground.known[name]
                objects.append(SourceObject(name, known.sha256, known.size_bytes, known.modified_ns))
            fresh = [uid for uid in uids if uid not in taken]
            for start in range(0, len(fresh), BATCH):
                for mail in self._mails(fresh[start : start + BATCH]):
                    if not self._may_hand_in(mail.sender):
                        refused += 1
                    elif mail.has_files and mail.size_bytes <= LARGEST_BYTES:
                        objects += self._attachments(mail)
        return Listing(objects, 0, refused)

    def probe(self) -> int:
        """How many mails there are to look at."""
        with self._failures():
            return len(self._uids())

    def close(self) -> None:
        """Hang up."""
        if self._imap is not None:
            with suppress(OSError, imaplib.IMAP4.error):
                self._imap.shutdown()

    def _connect(self) -> imaplib.IMAP4:
        d, patience = self._declared, self._deadline.patience_seconds()
        context = ssl.create_default_context(cafile=str(d.ca_file) if d.ca_file else None)
        if d.security == "tls":
            return imaplib.IMAP4_SSL(d.host, d.port, ssl_context=context, timeout=patience)
        plain = imaplib.IMAP4(d.host, d.port, timeout=patience)
        plain.starttls(context)
        return plain

    def _log_in(self) -> None:
        assert self._imap is not None  # noqa: S101 - connected before
        self._deadline.on_close(self.close)
        password = read_secret(self._declared, self._declared.password, "password")
        try:
            self._imap.login(self._declared.user, password)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            raise self.shut("服务器拒绝登录（账号或密码不对）", "it refused our user or password") from None

    def _select(self) -> str:
        """Open the mailbox read only; gives its UIDVALIDITY."""
        name = self._declared.mailbox
        assert self._imap is not None  # noqa: S101 - connected before
        quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        status, _ = self._imap.select(quoted, readonly=True)
        if status != "OK":
            raise self.shut(f"没有邮箱文件夹 {name}", f"there is no mailbox {name}")
        _, answer = self._imap.response("UIDVALIDITY")
        if not answer or answer[0] is None:
            raise self.shut("服务器没有给出 UIDVALIDITY", "the server tells no UIDVALIDITY")
        return str(int(answer[0]))

    def _uids(self) -> Sequence[int]:
        """The mails that came within the declared days, by UID."""
        since = datetime.now(UTC) - timedelta(days=self._declared.days)
        return sorted(
            int(uid) for line in self._asked("SEARCH", "SINCE", imap_day(since.date())) for uid in line.split()
        )

    def _mails(self, uids: Sequence[int]) -> Iterator[Mail]:
        wanted = "(UID INTERNALDATE RFC822.SIZE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (FROM)])"
        answers = self._asked("FETCH", ",".join(map(str, uids)), wanted)
        mails = {mail.uid: mail for mail in map(Mail, grouped(answers)) if mail.uid}
        for uid in uids:
            # One that was deleted meanwhile is not told.
            if uid in mails:
                yield mails[uid]

    def _attachments(self, mail: Mail) -> Iterator[SourceObject]:
        answers = self._asked("FETCH", str(mail.uid), "(UID BODY.PEEK[])")
        bodies = [answer[1] for answer in answers if isinstance(answer, tuple)]
        if not bodies:
            return
        if len(bodies[0]) != mail.size_bytes:
            raise self.broken(
                "一封邮件的长度与服务器所报不符",
                "a mail is not as long as the server says",
            )
        for file in attachments_of(bodies[0]):
            name = f"{self._prefix}{mail.uid}/{file.part}/{file.name}"
            yield make_object(self._ground, name, file.data, mail.came_ns)

    def _taken(self) -> Mapping[int, Sequence[str]]:
        """The names of what was delivered before out of this mailbox, by UID."""
        taken: dict[int, Names] = {}
        for name in self._ground.known:
            # Behind the name of an attachment follow those of the files in it, where it is a zip.
            if name.startswith(self._prefix) and name.count("/") == self._prefix.count("/") + 2:
                taken.setdefault(int(name.removeprefix(self._prefix).partition("/")[0]), []).append(name)
        return taken

    @property
    def _prefix(self) -> str:
        return f"{self._declared.mailbox}/{self._validity}/"

    def _may_hand_in(self, sender: str) -> bool:
        domain = "@" + sender.rpartition("@")[2]
        return bool(sender) and any(allowed in (sender, domain) for allowed in self._declared.senders)

    def _asked(self, command: str, *arguments: str) -> Sequence[Any]:
        """The answer to a command about UIDs."""
        self._deadline.left_seconds()
        assert self._imap is not None  # noqa: S101 - connected before
        status, answer = self._imap.uid(command, *arguments)
        if status != "OK":
            raise self.broken("服务器没有答复邮件", "the server would not tell of its mails")
        return [part for part in answer if part is not None]

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """What imaplib raises, in our words: a server's text may quote anything."""
        try:
            yield
        except ssl.SSLCertVerificationError:
            raise self.shut(
                "服务器的证书不可信；内部签发的证书请用 ca_file 指明",
                "the server's certificate is not trusted; name the authority of an internal one in ca_file",
            ) from None
        except (imaplib.IMAP4.error, OSError, EOFError) as error:
            self._deadline.left_seconds()
            kind = type(error).__name__
            raise self.broken(f"连接中断（{kind}）", f"the connection broke ({kind})") from None
