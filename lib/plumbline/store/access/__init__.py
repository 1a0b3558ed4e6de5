"""Who may do what in a workspace: roles of people, permissions of their acts, and tokens of programs."""
