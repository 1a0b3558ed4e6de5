"""How a cell is read: times, names of months, amounts, classes."""
