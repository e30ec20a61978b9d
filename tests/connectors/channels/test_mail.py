"""Mail: a real server takes it, refuses it, wants TLS and a login, or says nothing."""

from __future__ import annotations

import email
import email.policy
import ipaddress
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.channels.channel import Mail, MailServer, SecretAt
from connectors.channels.delivering import deliver
from tests.connectors.channels.servers import free_port, mail_server
from tests.connectors.channels.test_bots import message


def channel(port: int, **options: object) -> Mail:
    facts: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "security": "plain",
        "sender": "warehouse@example.invalid",
    }
    return Mail("li-mail", "li@example.invalid", MailServer(**(facts | options)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    return folder / "cert.pem", folder / "key.pem"


def test_a_mail_has_text_and_html_and_the_servers_own_answer_is_kept() -> None:
    with mail_server() as (postman, port):
        answer = deliver(channel(port), message(), 20)
    assert (answer.outcome, answer.status, answer.said) == ("delivered", "250", "2.0.0 Ok: queued as 4711")
    mail = email.message_from_bytes(postman.taken[0], policy=email.policy.default)
    assert mail["Subject"] == "报表仓库 2021-04-20：新出现"
    assert mail["Message-ID"] == "<abc@union-warehouse.invalid>"
    assert mail["To"] == "li@example.invalid"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "· A0001 样例厂《慰问救助台账》2021-03：1 行待更正" in text.get_content()
    assert "<li" in html.get_content()


@pytest.mark.parametrize(("mode", "status"), [("temporary", "451"), ("permanent", "550")])
def test_a_refusal_says_whether_another_try_may_do(mode: str, status: str) -> None:
    with mail_server() as (postman, port):
        postman.mode = mode
        answer = deliver(channel(port), message(), 20)
        assert (answer.outcome, answer.status) == (mode, status)


def test_a_server_that_says_nothing_after_the_last_dot_has_perhaps_taken_it() -> None:
    with mail_server() as (postman, port):
        postman.mode = "hanging"
        started = time.monotonic()
        assert deliver(channel(port), message(), 1.5).outcome == "unanswered"
        assert time.monotonic() - started < 8


def test_a_dead_server_is_known_not_to_have_taken_it() -> None:
    assert deliver(channel(free_port()), message(), 20).outcome == "temporary"


def test_starttls_is_checked_and_the_password_goes_through_it_alone(
    certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("richtig\n")
    secret = {"user": "warehouse", "password": SecretAt(file=tmp_path / "password")}
    with mail_server(certificate) as (postman, port):
        stranger = channel(port, security="starttls", **secret)
        assert deliver(stranger, message(), 20).outcome == "temporary", "its certificate is nobody's that we trust"
        assert postman.logins == []
        known = channel(port, security="starttls", authority=certificate[0], **secret)
        assert deliver(known, message(), 20).outcome == "delivered"
        (tmp_path / "password").write_text("falsch")
        answer = deliver(known, message(), 20)
        assert (answer.outcome, answer.status) == ("temporary", "535"), "a wrong password is ours to mend"
        assert "falsch" not in answer.said


def test_mail_without_encryption_is_for_this_machine_only() -> None:
    answer = deliver(channel(25, host="mail.example.invalid"), message(), 20)
    assert (answer.outcome, answer.said) == ("temporary", "未加密的发信只可用于本机")
