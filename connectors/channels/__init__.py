"""The ways to people: mail, the group bots of WeCom, DingTalk and Feishu, and a plain webhook.

A channel takes a `Message` and gives an `Answer`: what the server really said, and what follows from it. Whether a message has
been sent before is not known here; that is the outbox's (`connectors.alerts`).
"""
