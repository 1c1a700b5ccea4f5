"""The words everyone uses: ids, errors, pages, the clock.

Nothing here knows of HTTP, SQL or ActivityPub, and nothing here imports another room.
"""
