"""Figures: `python -m tests.bench [inbox fanout timeline memory]` runs them all and prints one JSON line each.

Machines differ and are noisy, so each runs its *floor* in the same run, turn by turn with ours: the same driver against a bare aiohttp program
that does only what nobody can avoid.  The ratio is the figure to keep and to watch.  Benchmarks measure; no test fails on a time.
"""
