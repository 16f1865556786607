#!/usr/bin/env bash
# Makes a Debian 12 machine without a container registry able to build and run the project's image:
# podman, settings that work without systemd and CAP_SYS_RESOURCE, and a stand-in for the base
# image. As root; what is there already is left as it is. FORCE_BASE=1 makes the stand-in anew.
set -euo pipefail
cd "$(dirname "$0")/.."

python=3.11 # Debian 12's own
suite=bookworm
base=docker.io/library/python:$python-slim
stand_in=titanic.stand-in # the label by which the stand-in is known

[ "$(id -u)" = 0 ] || { echo "podman is set up as root" >&2; exit 1; }
# The mirror that this machine's own apt uses.
mirror=$(sed -nE 's/^URIs: *([^ ]+\/debian)\/?$/\1/p; s/^deb +(\[[^]]*\] +)?([^ ]+\/debian)\/? .*/\2/p' \
  /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list \
  2>/dev/null | head -n 1 || true)
[ -n "$mirror" ] || { echo "the apt sources of this machine name no Debian mirror" >&2; exit 1; }

missing=()
for package in podman runc netavark aardvark-dns iptables debootstrap ca-certificates; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
    missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  apt-get update --quiet=2
  DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --no-install-recommends \
    "${missing[@]}" >/dev/null
fi

# crun refuses a machine with both kinds of cgroups; there is no systemd and no journal. podman
# would raise the limits to 1048576, which takes CAP_SYS_RESOURCE: nofile stays within what this
# shell may have, nproc well below.
settings=/etc/containers/containers.conf
ours="# Written by .ci/podman.sh of titanic-mlops."
if [ ! -e $settings ] || ! grep -qxF "$ours" $settings; then
  nofile=$(ulimit -Hn)
  if [ "$nofile" = unlimited ] || [ "$nofile" -gt 8192 ]; then nofile=8192; fi
  install -d -m 755 /etc/containers
  [ ! -e $settings ] || cp --archive $settings $settings.orig
  cat >$settings <<SETTINGS
$ours
[containers]
default_ulimits = ["nofile=$nofile:$nofile", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
SETTINGS
fi
[ -e /etc/containers/policy.json ] ||
  printf '{"default": [{"type": "insecureAcceptAnything"}]}\n' >/etc/containers/policy.json

if [ -z "${FORCE_BASE:-}" ] && podman image exists "$base"; then
  exit
fi

work=$(mktemp --directory "${TMPDIR:-/var/tmp}/stand-in.XXXXXX")
trap 'rm --recursive --force --one-file-system "$work"' EXIT
root=$work/root
echo "making a stand-in for $base from $suite"
debootstrap --variant=minbase \
  --include=ca-certificates,python3,python3-pip,python3-venv,python-is-python3,netbase,tzdata \
  "$suite" "$root" "$mirror" >"$work/debootstrap.log" 2>&1 ||
  { tail --lines=20 "$work/debootstrap.log" >&2; exit 1; }

# The image reaches the package index as this machine does.
if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
  cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/"
fi
chroot "$root" update-ca-certificates >/dev/null 2>&1
cp /etc/resolv.conf /etc/hosts "$root/etc/"
# There pip installs as root, as in the image it stands for.
rm "$root/usr/lib/python$python/EXTERNALLY-MANAGED"
uv=$(sed -n 's/^\(uv==[^ ]*\) .*/\1/p' requirements/installer.txt)
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
  SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
  chroot "$root" python3 -m pip install --quiet --no-cache-dir --root-user-action=ignore "$uv"

rm --recursive --force "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*.log \
  "$root"/var/log/apt "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/root/.cache \
  "$root"/etc/resolv.conf "$root"/etc/hosts "$root"/tmp/*
find "$root/usr/share/locale" -mindepth 1 -maxdepth 1 -type d -exec rm --recursive --force {} +

tar --directory "$root" --one-file-system --numeric-owner --create \
  --exclude='./proc/*' --exclude='./sys/*' --exclude='./dev/*' . |
  podman import --quiet \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    --change 'ENV LANG=C.UTF-8' \
    --change 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' \
    --change "LABEL $stand_in=$base" \
    --change 'CMD ["python3"]' \
    - "$base" >/dev/null
