"""The catalogue of controls, the evidence rules, the context and the verdict."""
