"""Floor 1: what is expected of a passenger list, and what becomes of rows that break it.

`suite` holds the expectations, derived from the passenger contract. `validation` judges a list
with them row by row, and `report` shows the verdict on a page. Nothing here knows of the asset
graph.
"""
