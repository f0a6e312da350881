#!/usr/bin/env bash
# Builds the image from the Dockerfile and runs a network of four validators from it, where no Docker engine is to be had:
# buildah and podman in a plain chroot, on base images made here. Needs root and
# apt-get install buildah podman runc debootstrap uidmap, and the .NET SDK. Says what it does; ends with exit 0 or at the
# first thing that is not as it should be.
# KEEP=1 keeps its folder. FOLDER, PORT: where, and from which port on.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
folder="${FOLDER:-$(mktemp -d)}"
port="${PORT:-26100}"
image=localhost/ledger:test
validators=4

argument() { sed -n "s/^ARG $1=//p" "$root/Dockerfile" | head -1; }
base="$(argument BASE)"
sdk="$(argument SDK)"

say() { printf '== %s\n' "$*"; }
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

for tool in buildah podman runc debootstrap dotnet; do
  command -v "$tool" >/dev/null || fail "$tool is missing"
done
[ "$(id -u)" -eq 0 ] || fail "only root may make base images and containers here"

# Here is no systemd to run the health checks on a timer; they are run below.
export DISABLE_HC_SYSTEMD=true
engine() { podman --cgroup-manager cgroupfs --runtime runc "$@"; }

# The images that the Dockerfile names, as near as this machine can make them: Debian by debootstrap, and this
# machine's SDK on top of it. An image of that name that is already here, pulled or made, is used.
make_base() {
  engine image exists "$base" && return
  say "making $base with debootstrap"
  debootstrap --variant=minbase bookworm "$folder/base" >"$folder/debootstrap.log"
  tar -C "$folder/base" --exclude='./var/cache/apt/archives/*.deb' -c . | engine import --quiet - "$base" >/dev/null
  rm -rf "$folder/base"
}

make_sdk() {
  engine image exists "$sdk" && return
  say "making $sdk from this machine's SDK"
  local container
  container="$(buildah from --pull-never "$base")"
  buildah run --isolation chroot "$container" -- sh -c '
    apt-get update -qq && apt-get install -qq -y --no-install-recommends ca-certificates libssl3 libstdc++6 zlib1g' \
    >"$folder/sdk.log" 2>&1
  buildah copy --quiet "$container" "$(dirname "$(readlink -f "$(command -v dotnet)")")" /usr/share/dotnet >/dev/null
  buildah copy --quiet "$container" /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt >/dev/null
  buildah run --isolation chroot "$container" -- ln -s /usr/share/dotnet/dotnet /usr/bin/dotnet
  buildah config --env DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 --env DOTNET_CLI_TELEMETRY_OPTOUT=1 \
    --env DOTNET_NOLOGO=1 "$container"
  buildah commit --quiet --rm "$container" "$sdk" >/dev/null
}

build_image() {
  say "building $image"
  buildah bud --isolation chroot --pull-never --format docker --layers --tag "$image" \
    --build-arg "REVISION=$(git -C "$root" rev-parse HEAD)" "$root" >"$folder/build.log" 2>&1 \
    || { tail -40 "$folder/build.log" >&2; fail "the image does not build"; }
  engine image inspect --format '{{.Size}} bytes, user {{.User}}, entrypoint {{.Config.Entrypoint}}' "$image"
}

http() { echo "http://127.0.0.1:$((port + 10 * ($1 - 1)))"; }
name() { echo "ledger-test-$port-$1"; }
ledger() { engine run --rm --network host "${limits[@]}" --volume "$folder/network:/network:ro" "$image" "$@"; }

# What a careful operator gives a container, and no more.
limits=(--ulimit nofile=4096:4096 --ulimit nproc=4096:4096)
closed=("${limits[@]}" --read-only --cap-drop ALL --security-opt no-new-privileges --network host)

start() {
  engine run --detach --name "$(name "$1")" "${closed[@]}" \
    --volume "$folder/network/validator-$1:/etc/ledger:ro" --volume "$folder/data-$1:/var/lib/ledger" \
    --env "LEDGER__http__listen=127.0.0.1:$((port + 10 * ($1 - 1)))" \
    --env "LEDGER__admin__listen=127.0.0.1:$((port + 10 * ($1 - 1) + 1))" \
    --env "LEDGER__peers__listen=127.0.0.1:$((port + 10 * ($1 - 1) + 2))" \
    "${endpoints[@]}" "$image" >/dev/null
}

await() { # await SECONDS WHAT COMMAND...: polls, since a container tells nobody when it is ready
  local until=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$until" ] || fail "not in time: $what"
    sleep 0.2
  done
}

is_ready() { engine exec "$(name "$1")" ledger node probe --config /etc/ledger/node.json --ready; }

cleanup() {
  local code=$?
  for i in $(seq "$validators"); do
    [ "$code" -eq 0 ] || engine logs --tail 5 "$(name "$i")" >&2 2>/dev/null || true
    engine rm --force --time 5 "$(name "$i")" >/dev/null 2>&1 || true
  done
  [ -n "${KEEP:-}" ] || rm -rf "$folder"
}
trap cleanup EXIT

make_base
make_sdk
build_image

say "making a network with the image itself"
endpoints=()
for i in $(seq "$validators"); do
  install -d -o 10001 -g 10001 -m 0700 "$folder/data-$i"
  endpoints+=(--env "LEDGER__peers__endpoints__validator-$i=127.0.0.1:$((port + 10 * (i - 1) + 2))")
done
install -d -o 10001 -g 10001 -m 0700 "$folder/network"
engine run --rm "${closed[@]}" --volume "$folder/network:/network" "$image" \
  network init --validators "$validators" --chain-id containers --out /network >/dev/null

say "starting $validators validators: read-only, no capabilities, no new privileges, user 10001"
for i in $(seq "$validators"); do start "$i"; done
for i in $(seq "$validators"); do await 60 "validator-$i is ready" is_ready "$i"; done
ledger status --node "$(http 1)"
[ "$(engine exec "$(name 1)" id -u)" = 10001 ] || fail "the node does not run as 10001"
if engine exec "$(name 1)" touch /opt/ledger/x 2>/dev/null; then fail "the root filesystem is writable"; fi

say "health checks"
for i in $(seq "$validators"); do engine healthcheck run "$(name "$i")" || fail "validator-$i is not healthy"; done

say "submitting to validator-1, reading from validator-4"
ledger tx put notes greeting hello --key /network/client.key.json --node "$(http 1)"
read_is() { [ "$(ledger get notes "$1" --node "$(http "$3")" | head -1)" = "$2" ]; }
await 10 "validator-4 has it" read_is greeting hello 4

say "stopping validator-3 with SIGTERM"
engine stop --time 20 "$(name 3)" >/dev/null
code="$(engine inspect --format '{{.State.ExitCode}}' "$(name 3)")"
[ "$code" = 0 ] || fail "validator-3 ended with $code"
if engine logs "$(name 3)" 2>&1 | grep -q '"LogLevel":"\(Error\|Critical\)"'; then fail "validator-3 did not end cleanly"; fi

say "three go on without it"
ledger tx put notes greeting again --key /network/client.key.json --node "$(http 1)"

say "validator-3 returns and catches up"
engine start "$(name 3)" >/dev/null
await 60 "validator-3 is ready again" is_ready 3
await 20 "validator-3 has what it missed" read_is greeting again 3
ledger status --node "$(http 3)"

say "killing validator-2; it returns with its promises"
engine kill --signal KILL "$(name 2)" >/dev/null
ledger tx put notes greeting third --key /network/client.key.json --node "$(http 1)" | tail -1
engine start "$(name 2)" >/dev/null
await 60 "validator-2 is ready again" is_ready 2
await 20 "validator-2 has what it missed" read_is greeting third 2

say "a configuration that is not valid ends the container with 78"
code=0
engine run --rm "${closed[@]}" --volume "$folder/network/validator-1:/etc/ledger:ro" --env LEDGER__http__listen=bad "$image" \
  >"$folder/bad.log" 2>&1 || code=$?
[ "$code" = 78 ] || fail "exit $code for a bad configuration"

say "all well"
