"""The only room that speaks SQL: one module an aggregate, the statements written out beside the types they return.

`db` gives the two handles (`Reader` to read, `Tx` to write, made by `begin` alone), `bell` wakes whoever waits for news after a commit,
`schema` brings a database to the form this code knows.  Nothing here decides who may read (that is `visible_posts`) or speaks to the
network.
"""
