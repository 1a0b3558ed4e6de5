"""One load: plan, staging, the transaction, labels, quarantine, undo, erasure."""
