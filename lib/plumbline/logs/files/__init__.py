"""Files as they come: format, encoding, compression, and where each record lies."""
