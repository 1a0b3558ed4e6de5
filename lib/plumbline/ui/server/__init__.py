"""The server around the pages: the gate, headers, who asks."""
