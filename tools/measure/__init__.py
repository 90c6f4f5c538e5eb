"""Compares Farjump with Linux, by the output of bench/programs on the same emulated
machine."""
