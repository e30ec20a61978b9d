"""The group bots of WeCom, DingTalk and Feishu, and a plain webhook: what each wants to be sent, and how each says yes.

A bot answers HTTP 200 to what it rejects as well, so delivered is only what its own code calls so. Codes that are about our
configuration (a key, a signature, a keyword, an address that is not allowed) are `temporary`: staff mend them, and then the same
message goes out. Only what is wrong with the message itself is `permanent`.
Sources: developer.work.weixin.qq.com/document/path/91770, open.dingtalk.com/document/orgapp/custom-robot-access,
open.feishu.cn/document/client-docs/bot-v3/add-custom-bot.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urlsplit, urlunsplit

from connectors.channels.dress import html_page, plain_text
from connectors.channels.message import Answer, Message
from connectors.channels.posting import judged, post_json, read_object

WECOM_BYTES = 2048
"""Of UTF-8, in a text message; the rest would be rejected (45002) or cut by the server."""

DINGTALK_BYTES = 20_000
"""The whole document may have so many; the text stays well below."""

FEISHU_BYTES = 20_000
"""The whole document may have 20 KB; the text is cut to leave room for the JSON around it."""

ROOM_FOR_JSON = 2_000

WECOM_NEVER = frozenset({40008, 40058, 44004, 45002})
"""Wrong type, wrong parameter, empty, too long."""

DINGTALK_NEVER = frozenset({400101, 400105, 430101, 430102, 430103, 430104})
"""Empty or unknown type; content that is forbidden."""

FEISHU_NEVER = frozenset({9499, 11246})
"""A document that is malformed."""


def send_wecom(url: str, secret: str | None, message: Message, seconds: float) -> Answer:
    """Send to a WeCom group; the key is in the URL."""
    text = plain_text(message, WECOM_BYTES)
    answered = post_json(url, {"msgtype": "text", "text": {"content": text}}, seconds)
    return judged(answered, "errcode", WECOM_NEVER)


def send_dingtalk(url: str, secret: str | None, message: Message, seconds: float) -> Answer:
    """Send to a DingTalk group; a bot with a secret wants the time and its signature in the URL."""
    if secret:
        url = signed_for_dingtalk(url, secret, time.time_ns() // 1_000_000)
    text = plain_text(message, DINGTALK_BYTES - ROOM_FOR_JSON)
    answered = post_json(url, {"msgtype": "text", "text": {"content": text}}, seconds)
    return judged(answered, "errcode", DINGTALK_NEVER)


def signed_for_dingtalk(url: str, secret: str, milliseconds: int) -> str:
    """The URL with `timestamp` and `sign`, each encoded once: base64 of HMAC-SHA256 over "timestamp LF secret", keyed with the secret."""
    digest = hmac.digest(secret.encode(), f"{milliseconds}\n{secret}".encode(), hashlib.sha256)
    more = urlencode({"timestamp": milliseconds, "sign": base64.b64encode(digest).decode()})
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, more)))))


def send_feishu(url: str, secret: str | None, message: Message, seconds: float) -> Answer:
    """Send to a Feishu group; a bot with a secret wants the time and its signature in the document."""
    text = plain_text(message, FEISHU_BYTES - ROOM_FOR_JSON)
    document: dict[str, object] = {"msg_type": "text", "content": {"text": text}}
    if secret:
        now = int(time.time())
        document = {"timestamp": str(now), "sign": feishu_signature(secret, now), **document}
    answered = post_json(url, document, seconds)
    if not isinstance(answered, Answer) and "code" not in read_object(answered[1]):
        # The answer of its first edition, which some groups still have.
        return judged(answered, "StatusCode", FEISHU_NEVER)
    return judged(answered, "code", FEISHU_NEVER)


def feishu_signature(secret: str, seconds: int) -> str:
    """Base64 of HMAC-SHA256 over nothing, keyed with "timestamp LF secret"."""
    return base64.b64encode(hmac.digest(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256)).decode()


def send_webhook(url: str, secret: str | None, message: Message, seconds: float) -> Answer:
    """Post the content as JSON. `Idempotency-Key` stays the same at every attempt, so the other side can drop a repetition.

    Delivered is a 2xx whose body, if it is an object with one of the bots' codes, says 0 there.
    """
    content = message.content.to_json()
    document = {
        "id": message.message_id,
        "number": message.number,
        **content,
        "text": plain_text(message),
        "html": html_page(message),
    }
    headers = {"Idempotency-Key": message.message_id, **({"Authorization": f"Bearer {secret}"} if secret else {})}
    answered = post_json(url, document, seconds, headers)
    if isinstance(answered, Answer):
        return answered
    said = read_object(answered[1])
    code = next((name for name in ("errcode", "code", "StatusCode") if name in said), None)
    return judged(answered, code, frozenset()) if code else Answer("delivered", str(answered[0]), answered[1])


SENDERS: Mapping[str, Callable[[str, str | None, Message, float], Answer]] = {
    "wecom": send_wecom,
    "dingtalk": send_dingtalk,
    "feishu": send_feishu,
    "webhook": send_webhook,
}
"""By the kind of the channel."""
