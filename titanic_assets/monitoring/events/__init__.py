"""The prediction log as tables: collected segment by segment, exactly once, and read back.

schema       what is kept of an event
lines        lines of the log as rows, and those that are no events
manifest     which segments were collected, and which files their rows are in
writing      rows into Parquet files by day
ahead        segments on object storage, fetched a few at a time
reading      a segment, line by line
collecting   what is new in the log, into all of the above
quarantine   what could not be read, kept for people
auditing     whether what is there is what came in
store        reading it back, joined with outcomes
outcomes     what really became of the passengers
labelled     passengers whose outcome is known, as rows for training
known        which of them are no new passengers
showing      all that in the UI
"""
