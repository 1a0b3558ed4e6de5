"""Acting on findings: what is sent, fired and rolled back, and what the log shows of it afterwards."""
