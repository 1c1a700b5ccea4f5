"""What we say to other servers, one activity a file: pure, from rows to documents of `vocab`.

What each server is told is decided in `addressees`; why a document looks as it does stands in its file.
"""
