"""A worker as a process of its own: asks as often as told, prints how often it was answered."""

import sys
from pathlib import Path

from bento_service.guard.rate_limits import RateLimits
from bento_service.http import Refused
from bento_service.settings import Settings

folder, limit, times = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
limits = RateLimits(Settings(rate_limit=limit), folder)
sys.stdout.write("ready\n")
sys.stdout.flush()
sys.stdin.readline()
answered = 0
for _ in range(times):
    try:
        limits.hit("caller")
    except Refused:
        continue
    answered += 1
sys.stdout.write(f"{answered} {limits.counted_apart}\n")
