"""Work that waits: done once it is due, again if it failed for now, buried if it never can be.

Here: how jobs are leased and what becomes of them (`worker`), how patience grows (`patience`), how somebody waits for news (`attention`), and what
the clock alone asks for (`schedule`).  Not here: what the jobs do (their handlers are passed in), and deliveries, which have a queue of their own.
"""
