"""The process that opens foreign model files, and how it is asked."""
