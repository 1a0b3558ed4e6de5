"""What surrounds every page: sidebar, signing in, rights, forms, jobs."""
