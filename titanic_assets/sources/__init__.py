"""Ingestion: where passenger lists are, and how they become the raw table, line by line.

`found` lists what there is, `outcomes` what the service was told, `fetch` brings it onto this
machine with its digest, `lists` opens a CSV or Parquet file, and `raw` reads all of it into one
table. What a row is worth is for the expectations to judge.
"""
