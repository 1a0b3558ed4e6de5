"""What the last months would have sent: the past played again, with what came of each message."""
