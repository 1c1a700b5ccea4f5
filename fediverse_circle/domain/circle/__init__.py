"""A circle: its log, the state it amounts to, what is said in it.  Pure; the rules bear the numbers of CIRCLES.md.

`entry`       the gate: JSON whose proof holds, words that were committed to
`log`         the operations of a circle, and its state at any point: `Log`
  `dag`         who did what, in knowledge of what
  `validity`    S0: whether an operation may stand
  `resolution`  S2 to S6: what a set of operations amounts to; `advancing`: the same for one more
  `state`       the result: members, keepers, rules
`content`     what is said: accepted, standing, for whom
`arrival`     what becomes of an entry that comes, whatever it is; `verdict`
`feeds`       what replicas compare
`governance`  advice: health, sealing, the brake, the end of a linger

Two replicas with the same entries have the same state, whatever came first; no clock, no arbiter and no honesty is needed for that.
"""
