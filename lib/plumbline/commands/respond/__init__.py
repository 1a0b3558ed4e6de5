"""Acting on findings: triggers of retraining, rollbacks, freezes."""
