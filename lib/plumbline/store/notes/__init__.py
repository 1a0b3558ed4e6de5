"""What the workspace keeps of what people write beside the figures: events, comments on decisions, named views."""
