"""How lists are judged within the graph, and which ones it goes without."""
