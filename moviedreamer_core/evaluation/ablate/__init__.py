"""The paper's claims, one by one: small runs with the same budget each, several seeds, and a page of what they show.

claims.yaml, claims.py   what is changed and where it is measured; a run's settings
runs.py, workspace.py    runs one after another, each kept as JSON, so that none is made twice
planner.py, image_networks.py      runs that train a small part
anchor.py, character_drift.py      runs that measure the shipped bundle
compare.py               mean and spread over seeds, and what may be concluded from them
page.py, plot.py         ablations.md, ablations.json and a plot a claim
"""
