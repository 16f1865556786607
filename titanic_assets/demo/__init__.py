"""`make demo-drift`: a stack of its own, other passengers than it was trained on, and what follows.

Nothing here is needed by anything else, and nothing is forced: the demo asks and tells as any
client does, and watches what the graph makes of it.
"""
