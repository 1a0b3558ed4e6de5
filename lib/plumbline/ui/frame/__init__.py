"""What surrounds every page: the bar above it, the sidebar, signing in, rights, forms, jobs."""
