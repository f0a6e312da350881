#!/usr/bin/env bash
# Three etcd members and then three ledger validators in Raft mode, on this machine, one after the other, under the same
# load: CLIENTS clients, each of which puts a value of SIZE bytes, waits until it is committed, and puts the next.
# etcd runs with its defaults (apt-get install etcd-server). Prints a table for docs/performance.md.
#
#   tests/Ledger.Benchmarks/compare-etcd.sh [--no-build]
#
# SECONDS_EACH, CLIENTS, SIZE, BATCH, OPERATIONS and PORT (the first of 100 free ones) come from the environment.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${SECONDS_EACH:-15} clients=${CLIENTS:-256} size=${SIZE:-256} port=${PORT:-27100}
batch=${BATCH:-1} operations=${OPERATIONS:-1}
ledger=(dotnet Ledger.Cli/bin/Release/net10.0/ledger.dll)
load=(dotnet tests/Ledger.Benchmarks/bin/Release/net10.0/Ledger.Benchmarks.dll)

if [ "${1:-}" != --no-build ]; then
    dotnet build -c Release -v q --nologo Ledger.Cli/Ledger.Cli.csproj
    dotnet build -c Release -v q --nologo tests/Ledger.Benchmarks/Ledger.Benchmarks.csproj
fi

folder=$(mktemp -d)
members=()

stop() {
    for member in "${members[@]}"; do
        kill "$member" 2>/dev/null || true
        wait "$member" 2>/dev/null || true
    done
    members=()
    "${ledger[@]}" devnet stop --dir "$folder/ledger" >/dev/null 2>&1 || true
}
trap 'stop; rm -rf "$folder"' EXIT

client_url() { echo "http://127.0.0.1:$((port + 10 * $1))"; }
peer_url() { echo "http://127.0.0.1:$((port + 10 * $1 + 1))"; }

cluster="m0=$(peer_url 0),m1=$(peer_url 1),m2=$(peer_url 2)"
for i in 0 1 2; do
    etcd --name "m$i" --data-dir "$folder/etcd-$i" --initial-cluster "$cluster" --initial-cluster-state new \
        --listen-client-urls "$(client_url $i)" --advertise-client-urls "$(client_url $i)" \
        --listen-peer-urls "$(peer_url $i)" --initial-advertise-peer-urls "$(peer_url $i)" \
        >"$folder/etcd-$i.log" 2>&1 &
    members+=($!)
done

endpoints="$(client_url 0),$(client_url 1),$(client_url 2)"
for _ in $(seq 100); do
    if curl -fsS "$(client_url 0)/health" >/dev/null 2>&1; then break; fi
    sleep 0.1
done

etcd=$("${load[@]}" etcd "$endpoints" "$clients" "$size" "$seconds")
stop

"${ledger[@]}" devnet --mode raft --validators 3 --dir "$folder/ledger" --base-port $((port + 50)) --detach >/dev/null
nodes=()
for i in 0 1 2; do
    nodes+=(--node "http://127.0.0.1:$((port + 50 + 10 * i))")
done

ours=$("${ledger[@]}" bench --key "$folder/ledger/client.key.json" "${nodes[@]}" --clients "$clients" --batch "$batch" \
    --operations "$operations" --size "$size" --duration "$seconds" --json)
stop

python3 - "$etcd" "$ours" "$operations" <<'END'
import json, sys
etcd, ours, operations = json.loads(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
puts = ours["transactionsPerSecond"] * operations
print("| | puts/s | p50 | p99 |\n|---|---|---|---|")
print(f"| etcd | {etcd['putsPerSecond']:,} | {etcd['latencyMs']['p50']} ms | {etcd['latencyMs']['p99']} ms |")
print(f"| ledger | {puts:,.0f} | {ours['latencyMs']['p50']:.1f} ms | {ours['latencyMs']['p99']:.1f} ms |")
print(f"ratio {puts / etcd['putsPerSecond']:.2f}; failures {ours['failures']}")
END
