#!/bin/sh
# `install-for.sh demo` installs what the demo needs where nothing is installed, and brings a whole installation up to
# date where there is one; `install-for.sh all` installs everything. The registry is not asked for what is there.
set -eu
cd "$(dirname "$0")/.."
if [ "$1" = all ] || [ -e bench/node_modules ]; then
  exec pnpm install --frozen-lockfile
fi
exec pnpm install --frozen-lockfile --filter-prod '@yuzuru/demo...'
