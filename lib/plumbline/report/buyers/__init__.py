"""What buyers and auditors ask for beside the scorecard: evidence of a period, statements, their own workbooks."""
