#!/usr/bin/env bash
# Three etcd members and then three ledger validators in Raft mode, on this machine, one after the other, under the same
# load: clients that each put values of SIZE bytes, wait until they are committed, and put the next; IN_FLIGHT puts wait
# at any time. etcd runs with its defaults (apt-get install etcd-server), one put a request, as its API has it. The ledger
# is measured with one put in a transaction and one transaction in a request; with PUTS transactions in a request, each
# signed; and with PUTS puts under one signature: from so many fewer clients, so that as many puts wait.
# Everything is warmed up for a third of the time first. Prints a table for docs/performance.md.
#
#   tests/Ledger.Benchmarks/compare-etcd.sh [--no-build]
#
# SECONDS_EACH, IN_FLIGHT, PUTS, SIZE and PORT (the first of 100 free ones) come from the environment.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${SECONDS_EACH:-15} in_flight=${IN_FLIGHT:-256} puts=${PUTS:-16} size=${SIZE:-256} port=${PORT:-27100}
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

"${load[@]}" etcd "$endpoints" "$in_flight" "$size" $((seconds / 3)) >/dev/null
etcd=$("${load[@]}" etcd "$endpoints" "$in_flight" "$size" "$seconds")
stop

"${ledger[@]}" devnet --mode raft --validators 3 --dir "$folder/ledger" --base-port $((port + 50)) --detach >/dev/null
nodes=()
for i in 0 1 2; do
    nodes+=(--node "http://127.0.0.1:$((port + 50 + 10 * i))")
done

# Seconds, transactions in a request, and puts in a transaction.
bench() {
    "${ledger[@]}" bench --key "$folder/ledger/client.key.json" "${nodes[@]}" --clients $((in_flight / ($2 * $3))) \
        --batch "$2" --operations "$3" --size "$size" --duration "$1" --json
}

bench $((seconds / 3)) 1 1 >/dev/null
single=$(bench "$seconds" 1 1)
together=$(bench "$seconds" "$puts" 1)
several=$(bench "$seconds" 1 "$puts")
stop

python3 - "$etcd" "$single" "$together" "$several" <<'END'
import json, sys
etcd, *ours = map(json.loads, sys.argv[1:])
rows = [("etcd", etcd["putsPerSecond"], etcd["latencyMs"])]
for run in ours:
    each = run["operations"]
    rows.append((f"ledger, {run['batch']} transactions a request of {each} puts", run["transactionsPerSecond"] * each, run["latencyMs"]))
    if run["failures"]:
        sys.exit(f"some puts failed: {run['failures']}")
print("| | puts/s | of etcd's | p50 | p99 |\n|---|---|---|---|---|")
for name, puts, latency in rows:
    print(f"| {name} | {puts:,.0f} | {puts / rows[0][1]:.2f} | {latency['p50']:.1f} ms | {latency['p99']:.1f} ms |")
END
