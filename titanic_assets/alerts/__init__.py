"""Telling people: what is worth an alert is written down once, sent once, and repeated seldom."""
