"""What we make of each activity that reaches us, one a file, the other way round in `builders`.

Each gathers (strangers may be asked, nothing is written), decides (by what it is, who said it and what we know), and gives the deed that is then done
in one transaction.  They come in any order, and more than once.
"""
