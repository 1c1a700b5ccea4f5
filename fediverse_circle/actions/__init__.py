"""Deeds: what happens when somebody says, edits, takes back, follows.

Each is a function on a transaction that somebody else opens, and writes all that follows from it into that transaction: rows, notifications,
events to be told.  No network, no HTTP: a reply typed in an app and a reply arriving from elsewhere are the same deed with other witnesses.
"""
