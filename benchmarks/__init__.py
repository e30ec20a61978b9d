"""What is measured, and against what: `python -m benchmarks.<name>` measures and prints, and asserts no goal."""
