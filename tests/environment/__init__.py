"""Two environments: ``.venv`` is what a customer installs, ``.venv-test`` holds the test tools and sees the first one.

Pytest runs in the second. What a test starts as the product runs in the first, which cannot see a test's package.
"""
