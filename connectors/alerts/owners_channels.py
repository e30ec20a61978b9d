"""The channels and mail servers of `owners.yaml`: secrets by reference only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from connectors.alerts.yaml_reading import Node
from connectors.channels.bots import SENDERS
from connectors.channels.channel import Bot, Channel, Mail, MailServer, SecretAt
from connectors.channels.posting import is_loopback

ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
BY_REFERENCE = "密钥不写在这里，请写 {file: 文件} 或 {env: 环境变量}"


def read_servers(node: Node, folder: Path) -> dict[str, MailServer]:
    """The mail servers by id; paths are relative to the folder of the file."""
    return {key: _server(each, folder) for key, each in node.items()}


def read_channels(node: Node, servers: Mapping[str, MailServer], folder: Path) -> dict[str, Channel]:
    """The channels by id."""
    found: dict[str, Channel] = {}
    for key, each in node.items():
        kind = each.child("kind", required=True).text("mail", *SENDERS)
        channel = _mail(key, each, servers) if kind == "mail" else _bot(key, kind, each, folder)
        if channel is not None:
            found[key] = channel
    return found


def _server(node: Node, folder: Path) -> MailServer:
    node.allow("host", "port", "security", "sender", "user", "password", "authority")
    host = node.child("host", required=True).text()
    security = node.child("security", required=True).text("starttls", "tls", "plain")
    if security == "plain" and host and not is_loopback(host):
        node.child("security").wrong("plain（不加密）只可用于本机的服务器")
    port = node.child("port", required=True)
    if port.value is not None and not (isinstance(port.value, int) and 0 < port.value < 65536):
        port.wrong("应为 1 到 65535 的整数")
    user, password = node.child("user").text() or None, _secret(node.child("password"), folder)
    if (user is None) != (password is None):
        node.wrong("user 和 password 要么都有，要么都没有")
    authority = node.child("authority").text()
    sender = _address(node.child("sender", required=True))
    return MailServer(host, port.value, security, sender, user, password, folder / authority if authority else None)


def _mail(key: str, node: Node, servers: Mapping[str, MailServer]) -> Mail | None:
    node.allow("kind", "to", "server")
    address = _address(node.child("to", required=True))
    named = node.child("server", required=True)
    server = servers.get(named.text())
    if server is None and named.value is not None:
        named.wrong(f"mail_servers 中没有“{named.value}”")
    return Mail(key, address, server) if server else None


def _bot(key: str, kind: str, node: Node, folder: Path) -> Bot | None:
    node.allow("kind", "url", "secret")
    if kind == "wecom" and node.child("secret").value is not None:
        node.child("secret").wrong("企业微信机器人没有签名密钥")
    url = _secret(node.child("url", required=True), folder)
    secret = _secret(node.child("secret"), folder)
    return Bot(key, kind, url, secret) if url and kind else None


def _address(node: Node) -> str:
    text = node.text()
    if text and not ADDRESS.fullmatch(text):
        node.wrong("不是邮件地址")
    return text


def _secret(node: Node, folder: Path) -> SecretAt | None:
    """Where a secret is. What stands there in place of a reference is never repeated."""
    if node.value is None:
        return None
    if not isinstance(node.value, dict) or len(node.value) != 1 or not set(node.value) <= {"file", "env"}:
        node.wrong(BY_REFERENCE)
        return None
    if "env" in node.value:
        return SecretAt(variable=node.child("env").text())
    return SecretAt(file=folder / node.child("file").text())
