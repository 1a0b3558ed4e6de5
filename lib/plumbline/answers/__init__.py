"""One function a question of the command line or of a page: workspace in, plain results out."""
