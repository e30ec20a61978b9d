"""What is measured, and against what. `python -m benchmarks.<name>` measures and prints; nothing here asserts a goal."""
