"""The scorecard and what it rests on: facts, statements, documents, the trail."""
