"""Single decisions: found, explained, changed, recorded, and the model files that explain them."""
