"""Looking into outside systems: model registries and repositories. Reads only, and never keeps a credential."""
