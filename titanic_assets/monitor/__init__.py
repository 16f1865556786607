"""Dagster's own health for Prometheus, the alerts over HTTP, and the daemon watched from outside.

A process of its own: what watches the daemon must not be the daemon.
"""
