"""Rules of evidence: facts in, one status and one sentence out."""
