"""How a cell is read: times, names of months, amounts, classes.

A month in words (``logs/values/month_names.py``) and the mark of one currency (``logs/values/currency.py``)
are read by the guess in Python and by the load in SQL alike; amounts of several currencies stay text.
"""
