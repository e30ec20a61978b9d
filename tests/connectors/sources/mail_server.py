"""Dovecot as these tests run it: one user, one mailbox, TLS with a certificate of our own, everything in one folder."""

from __future__ import annotations

import datetime
import getpass
import ipaddress
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.conftest import memory_folder
from tests.connectors.sources.bench import SECRET, free_port, wait_for

DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")

CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
mail_location = maildir:{folder}/mail
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
first_valid_gid = 1
default_login_user = {login_user}
default_internal_user = {internal_user}
default_internal_group = {internal_group}
ssl = required
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {starttls_port}
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass(slots=True)
class MailServer:
    """A Dovecot that can be started and killed; mails are put into its maildir as they would be delivered."""

    folder: Path
    password: str
    port: int = field(default_factory=free_port)
    starttls_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    mails: int = 0

    def start(self) -> None:
        for name in ("run", "home", "mail/new", "mail/cur", "mail/tmp"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "run").chmod(0o755)
        make_certificate(self.folder)
        for path in (self.folder / "mail").rglob("*"):
            shutil.chown(path, "mail", "mail")
        for name in ("mail", "home"):
            shutil.chown(self.folder / name, "mail", "mail")
        configuration = CONFIGURATION.format(
            folder=self.folder, user="mail", group="mail", login_user="dovenull", internal_user="dovecot",
            internal_group="dovecot", password=self.password, port=self.port, starttls_port=self.starttls_port,
        )  # fmt: skip
        (self.folder / "dovecot.conf").write_text(configuration)
        assert DOVECOT is not None
        self.process = subprocess.Popen([DOVECOT, "-F", "-c", str(self.folder / "dovecot.conf")])
        wait_for(self.port, self.process)

    def kill(self) -> None:
        assert self.process is not None
        # The master takes its children with it; killed, it would leave them.
        self.process.terminate()
        self.process.wait()

    def deliver(self, raw: bytes) -> None:
        """Put a mail into the mailbox."""
        self.mails += 1
        path = self.folder / "mail" / "new" / f"{1_617_000_000 + self.mails}.M{self.mails}.test"
        path.write_bytes(raw)
        shutil.chown(path, "mail", "mail")

    def untouched(self) -> bool:
        """Whether every mail is there still and none is marked: a maildir shows marks behind `:2,` in a mail's name."""
        there = [p.name for d in ("new", "cur") for p in (self.folder / "mail" / d).iterdir()]
        return len(there) == self.mails and not any(name.partition(":2,")[2] for name in there)


@contextmanager
def running() -> Iterator[MailServer]:
    """A started server in a folder of its own."""
    # Its processes run as other accounts, for which pytest's own folders are shut.
    folder = Path(tempfile.mkdtemp(prefix="mail-", dir=memory_folder()))
    folder.chmod(0o755)
    made = MailServer(folder, SECRET)
    try:
        made.start()
        yield made
    finally:
        made.kill()
        shutil.rmtree(folder)


def declared(server: MailServer, **changes: Any) -> dict[str, Any]:
    """How sources.yaml declares it."""
    return {
        "id": "mail", "kind": "imap", "host": "127.0.0.1", "port": server.port, "ca_file": str(server.folder / "cert.pem"),
        "user": "reports@union.example", "password": {"file": "secret.txt"}, "senders": ["clerk@a.example", "@b.example"],
        "days": 3660, "deadline_seconds": 60, "retries": 0,
    } | changes  # fmt: skip


def mail(sender: str, *files: tuple[str, bytes]) -> bytes:
    """A mail with files attached."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"某人 <{sender}>", "reports@union.example", "三月报表"
    message.set_content("正文里有欧阳测试的身份证号，不应保存。")
    for name, data in files:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes().replace(b"\n", b"\r\n")


def can_run() -> str:
    """Why it cannot be run here; empty where it can."""
    if DOVECOT is None:
        return "Dovecot is not installed (bin/install-dovecot)"
    return "" if os.geteuid() == 0 else f"Dovecot is started as root, and this is {getpass.getuser()}"


def make_certificate(folder: Path) -> None:
    """A certificate of 127.0.0.1, signed by itself."""
    if (folder / "cert.pem").exists():
        return
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=20))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
