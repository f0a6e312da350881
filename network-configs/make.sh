#!/usr/bin/env bash
# Makes the example networks beside this file with `ledger network init`. Keys are made anew each time and stay out of git.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
ledger="$here/../ledger"

make() {
  local name=$1
  shift
  if [ -e "$here/$name" ]; then
    echo "$name exists and is left as it is; remove it to make it anew"
    return
  fi

  echo "== $name"
  "$ledger" network init --out "$here/$name" --chain-id "$name" "$@"
  echo
}

make one --validators 1 --hosts 127.0.0.1
make four --validators 4
make seven --validators 7
