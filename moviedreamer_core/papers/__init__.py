"""How a film was made, said with it: a sidecar, a card of credits as its last shot, and a signature (C2PA).

provenance.py  which engines made which shots, their weights by hash, licences, credits that they ask for
sidecar.py     the same as JSON beside the film
card.py        the same as a picture, for the film's last shot
certificates.py  who signs: a certificate and its key, or one for tests that nobody trusts
signing.py     a film or a picture signed offline, and a signed one looked at

Nothing is imported here: looking at a signed film needs no torch.
"""
