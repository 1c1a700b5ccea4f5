"""Asking strangers, safely.

Here: the one client that goes out (`client`), which addresses it may dial (`guard`), how names become addresses (`hosts`), how much one
cause may ask (`budget`), what kind of document came (`media_types`).  Not here: what to ask and why (federation), who vouches for what came
back (signing), and anything that is remembered.

Nothing may be asked while a transaction is open: the client raises.
"""
