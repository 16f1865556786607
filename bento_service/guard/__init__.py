"""Who may call, how often, and what browsers are told about the answers.

Nothing here reads a body or knows a route: the front of the service asks, and acts on it.
"""
