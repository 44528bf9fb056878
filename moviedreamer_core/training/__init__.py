"""Training of a bundle, part by part: `loop` trains one part, `parts/` says what a part is, `data` draws what it
learns from.
"""
