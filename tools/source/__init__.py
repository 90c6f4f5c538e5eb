"""Reads the project's Rust source: its tokens, its modules, their imports."""
