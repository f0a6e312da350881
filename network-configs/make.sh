#!/usr/bin/env bash
# Makes the example networks beside this file with `ledger network init`. Keys are made anew each time and stay out of git.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
ledger="${LEDGER:-$here/../ledger}"

# Who the containers run as: you, who may read the keys. A root that makes them hands them to the image's own user.
if [ "$(id -u)" -eq 0 ]; then owner=10001:10001; else owner="$(id -u):$(id -g)"; fi
printf 'COMPOSE_PROJECT_NAME=ledger\nLEDGER_UID=%s\nLEDGER_GID=%s\n' "${owner%:*}" "${owner#*:}" >"$here/.env"

make() {
  local name=$1 chain=$2 validators=$3 mode=$4
  if [ -e "$here/$name" ]; then
    echo "$name exists and is left as it is; remove it to make it anew"
    return
  fi

  echo "== $name"
  "$ledger" network init --out "$here/$name" --chain-id "$chain" --validators "$validators" --mode "$mode"
  for i in $(seq "$validators"); do install -d -m 0700 "$here/$name/data/validator-$i"; done
  if [ "$(id -u)" -eq 0 ]; then chown -R "$owner" "$here/$name"; fi
  echo
}

make pbft-4 pbft-4 4 pbft
make raft-3 raft-3 3 raft

# Kustomize takes files from below its folders only, so each validator's are copied there. A network of its own: the same
# key must never run twice.
if [ "${1:-}" = kubernetes ] && [ ! -e "$here/kubernetes/genesis.json" ]; then
  make kubernetes/network kubernetes 4 pbft
  for i in 1 2 3 4; do
    mv "$here/kubernetes/network/validator-$i/"* "$here/kubernetes/validator-$i/"
  done
  mv "$here/kubernetes/network/"*.json "$here/kubernetes/"
  rm -r "$here/kubernetes/network"
fi
