"""What the workspace keeps of acting: channels, the outbox, handling, triggers, rollbacks, settings."""
