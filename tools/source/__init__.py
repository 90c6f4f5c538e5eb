"""Reads the project's Rust source: its words, its modules, their imports."""
