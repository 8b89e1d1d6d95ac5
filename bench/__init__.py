"""Reproducible benchmarks: one runnable module per question, each printing figures beside their targets."""
