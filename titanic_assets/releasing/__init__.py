"""From the registry's aliases to what is served: published releases and the bento around them."""

BENTO_NAME = "titanic_survival"

# On a run of `bundle_job`: the ids of the ledger's events that it answers for, by commas.
EVENTS_TAG = "titanic/promotions"

# What `python -m titanic_assets.stack.served` ends with when there is no bento to serve at once.
NOTHING_TO_SERVE = 3
