"""What the workspace keeps of a version's model: its file, the decisions it is measured against, its attributions."""
