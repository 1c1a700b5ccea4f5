"""Whether the task that asks has a transaction open: the store says so, and the network refuses to speak to strangers meanwhile."""

from contextvars import ContextVar

transaction_open: ContextVar[bool] = ContextVar("transaction_open", default=False)
