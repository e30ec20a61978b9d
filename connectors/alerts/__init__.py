"""Alerts to staff: what is wrong since when, whose it is, what it means, and the messages that tell of it.

`conditions` says what holds tonight, `ledger` keeps the alerts, `owners` knows the people, `digest` and `reminding` write what
they are told into the outbox, in the transaction that publishes, and `sending` takes it from there.
"""
