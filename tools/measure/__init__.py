"""Farjump beside Linux: what bench/programs prints on both, in one emulated machine."""
