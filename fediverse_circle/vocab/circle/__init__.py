"""Circles on the wire: entries and words, JSON on one side and frozen types on the other (CIRCLES.md, sections 3 to 6).

`types` what an entry says · `reading` and `writing` entries · `words` what travels beside them · `forms` strict JSON, times, URLs, hashes, keys.
Reading is strict: what is not exactly an entry is `forms.Refused`, with the number of the rule.  Signatures, digests and the log are not looked
at here; `domain.circle` does that.
"""
