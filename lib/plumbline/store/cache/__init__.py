"""What scans of decisions left for the next question: answers, random draws, and the fingerprint they are found by."""
