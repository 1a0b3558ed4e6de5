"""Copies of a workspace that people ask for: made while it is in use, verified, and put in its place again.

A copy is the file itself, so it is encrypted where the workspace is. It is made right after what the log of writes
holds was merged into the file, by a process of its own, as closing the file in this one would drop the lock that DuckDB
holds on it. DuckDB writes a header as the last step of each merge, and until then overwrites nothing that the header
before it names: a copy whose source has the same headers before and after is what the workspace was at that moment.

Whether a workspace is what was written is here too: its file, and what its trail vouches for.
"""
