#!/bin/sh
# Install Plumbline on Debian 12 or newer, as root: sh deploy/install.sh [PREFIX]
# The steps of the container image, one script, so that a plain machine gets the same installation:
# an environment in PREFIX (default /opt/plumbline) from the lock file, a user without a shell, a data folder.
set -eu

prefix=${1:-/opt/plumbline}
source=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
data=/var/lib/plumbline

# libgomp1: LightGBM needs it, and a slim system lacks it
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends \
    ca-certificates libgomp1 python3 python3-venv
rm -rf /var/lib/apt/lists/*

python3 -m venv "$prefix"
"$prefix/bin/python" -m pip install -q --no-cache-dir --disable-pip-version-check \
    --require-hashes -r "$source/requirements.lock"
# built in a copy: the source may be read-only
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
for part in lib pages docs .streamlit app.py pyproject.toml README.md LICENSE; do
    cp -R "$source/$part" "$build/"
done
# whatever is there is replaced: an upgrade may bear the same version
"$prefix/bin/python" -m pip install -q --no-cache-dir --disable-pip-version-check \
    --force-reinstall --no-deps --no-build-isolation "$build"

if ! id plumbline >/dev/null 2>&1; then
    useradd --uid 10001 --user-group --no-create-home --home-dir "$data" --shell /usr/sbin/nologin plumbline
fi
install -d -m 700 -o plumbline -g plumbline "$data"

"$prefix/bin/plumbline" --version
