"""The BentoML service: API, page, guards, metrics and prediction log around a released model.

It reads releases and writes a log; what makes the one and reads the other is not its business.
Of the rest of the project it knows `titanic_model` only.
"""
