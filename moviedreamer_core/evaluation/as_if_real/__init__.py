"""Papertown as if it were real: films drawn, encoded, stripped of every label, prepared, learnt from; and what is lost
against learning from the labels.
"""
