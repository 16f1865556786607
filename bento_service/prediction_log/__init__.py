"""What the service predicted and what came true, written down beside the answering of requests.

encoding   events as JSON lines
monitor    the log as an extension of BentoML, and `open_prediction_log`
log        one worker's log: what is recorded, what became of it
backlog    what waits in memory            -> writer    -> segments in a folder
                                           -> uploader  -> the same segments in a bucket
"""
