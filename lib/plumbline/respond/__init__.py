"""Acting on findings: messages and their delivery, triggers of retraining, rollbacks and their interlocks.

Like `probe/` this room meets outside systems and knows nothing of the workspace: plain values in, receipts out.
`answers/respond/` joins it with what is kept (`store/respond/`).
"""
