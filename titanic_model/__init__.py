"""Floor 0: what a passenger is, which features follow from it, and when a model is good enough.

Everything here is pure: no orchestration, no tracking server, no network. Importing it changes
nothing. The half that serving needs (`contract`, `features`, `places`) imports neither pandas nor
scikit-learn.
"""
