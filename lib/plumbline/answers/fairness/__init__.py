"""Protected groups compared, and what FAIR-1 reads of them."""
