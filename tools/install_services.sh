#!/bin/sh
# Installs what the tests start for themselves: Redis, PostgreSQL, Chromium, and ip for network namespaces. Does nothing
# for what is there.
set -eu
missing=""
command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
command -v postgres >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || missing="$missing chromium"
command -v ip >/dev/null 2>&1 || [ "$(uname)" != Linux ] || missing="$missing iproute2"
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need:$missing. Install them with your package manager and run make test again." >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || { echo "The tests need:$missing. Install them as root: apt-get install$missing" >&2; exit 1; }
    as_root="sudo"
fi
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086  # a list of names
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
