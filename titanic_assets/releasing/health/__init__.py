"""Whether a new release does as well as the one before it, by what the service shows of both.

served        what the service says in its metrics          -> counting     requests since when
prediction_log.recent  what it logged -> latencies          -> same_inputs  what both models say
                                                            -> judging      the verdict
"""
