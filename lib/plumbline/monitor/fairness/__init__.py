"""Groups against the most favoured one, and how often people overrule the model."""
