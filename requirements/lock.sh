#!/usr/bin/env bash
# Writes requirements/*.txt anew from the groups in pyproject.toml, each package at its newest
# allowed version, and makes sure that every supported machine finds wheels for all of them.
# With --keep no package moves that is locked already: for when one was only added or removed.
set -euo pipefail
cd "$(dirname "$0")/.."

groups=(serving orchestration developer installer)
all=$(mktemp)
trap 'rm -f "$all"' EXIT
export MACOSX_DEPLOYMENT_TARGET=14.0
compile=(uv pip compile --quiet --no-header --no-annotate)
upgrade=(--upgrade)
if [ "${1:-}" = --keep ]; then
  upgrade=()
  # What is in the output file is kept, and hashes are of no use to it.
  cat requirements/*.txt | sed -n 's/^\([a-z][^\\]*[^\\ ]\) *\\$/\1/p' | sort -u >"$all"
fi

# Resolved together first, so that the locks agree on every version.
"${compile[@]}" "${upgrade[@]}" --universal --python-version 3.11 "${groups[@]/#/--group=}" \
  --output-file "$all"
locks=()
for group in "${groups[@]}"; do
  locks+=("requirements/$group.txt")
  "${compile[@]}" "${upgrade[@]}" --universal --python-version 3.11 --group "$group" --constraint "$all" \
    --generate-hashes --no-emit-index-url --no-emit-find-links \
    --output-file "requirements/$group.txt" >/dev/null
  echo "requirements/$group.txt: $(grep -c '^[a-z]' "requirements/$group.txt") packages"
done

for platform in x86_64-manylinux_2_28 aarch64-manylinux_2_28 x86_64-apple-darwin aarch64-apple-darwin; do
  for python in 3.11 3.12 3.13; do
    "${compile[@]}" --python-platform "$platform" --python-version "$python" \
      --only-binary :all: "${locks[@]}" >/dev/null
    echo "wheels for Python $python on $platform: all there"
  done
done
