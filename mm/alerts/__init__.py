"""Alerts on their way to people: channels, messages, the courier that delivers the outbox of control.db."""
