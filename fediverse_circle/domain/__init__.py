"""What things are, and the rules: rows as frozen types, and decisions as pure functions.

No I/O here: a rule takes values and returns a verdict, so that it can be tested in seconds and read beside the text it comes from.
"""
