"""Plumbline: is this model a liability, and what is the proof?"""

__version__ = "0.1.0"
