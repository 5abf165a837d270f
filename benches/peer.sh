#!/usr/bin/env bash
# Ours beside the peer, `rsigma engine eval` 0.23: same file, same rules, in turns, on one core. Needs Linux with
# `taskset`, Python 3 for arithmetic, and the peer on the PATH:
#
#     cargo install rsigma --version 0.23.0 --locked
#
# `benches/peer.sh [MEGABYTES [ROUNDS]]`; the best wall time of each counts.
set -euo pipefail
cd "$(dirname "$0")/.."
megabytes=${1:-600}
rounds=${2:-5}
core=$(($(nproc) - 1))

if ! command -v rsigma >/dev/null; then
    echo "error: rsigma is not on the PATH; install it with \`cargo install rsigma --version 0.23.0 --locked\`" >&2
    exit 2
fi
cargo build --profile dist --locked --quiet -p replay -p benches
replay="${CARGO_TARGET_DIR:-target}/dist/replay"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${CARGO_TARGET_DIR:-target}/dist/generate" "$folder" "$megabytes"

# Seconds that a command takes on the one core; its output goes to $folder/out.
seconds() {
    local begin end
    begin=$(date +%s%N)
    taskset -c "$core" "$@" >"$folder/out" 2>"$folder/err"
    end=$(date +%s%N)
    echo "$begin $end" | awk '{ printf "%.3f\n", ($2 - $1) / 1e9 }'
}
least() { printf '%s\n' "$@" | sort -n | head -n 1; }

trail="$folder/trail.ndjson"
echo "rules  program           seconds   MB/s    ratio    hits"
for rules in 4 60; do
    peer=() match=() run=()
    for _ in $(seq "$rounds"); do
        # The peer takes the time of an event from this field; its windows need it.
        peer+=("$(seconds rsigma engine eval -r "$folder/rules-$rules" -e "@$trail" \
            --timestamp-field eventTime --input-format json)")
        cp "$folder/out" "$folder/theirs"
        match+=("$(seconds "$replay" match -q --threads 1 --rules "$folder/rules-$rules" "$trail")")
        cp "$folder/out" "$folder/ours"
        run+=("$(seconds "$replay" run -q --threads 1 --format json --rules "$folder/rules-$rules" "$trail")")
        cp "$folder/out" "$folder/alerts"
    done
    python3 - "$rules" "$trail" "$folder" "$(least "${peer[@]}")" "$(least "${match[@]}")" "$(least "${run[@]}")" <<'PYTHON'
import collections, json, os, sys
rules, trail, folder, *times = sys.argv[1:]
peer, match, run = map(float, times)
size = os.path.getsize(trail) / 1e6
theirs = [json.loads(line) for line in open(f"{folder}/theirs")]
# The peer names correlations by their own key; what has none is a detection.
told = collections.Counter(hit["rule_id"] for hit in theirs if "correlation_type" not in hit)
ours = collections.Counter()
for line in open(f"{folder}/ours"):
    ours[json.loads(line)["rule_id"]] += 1
alerts = sum(1 for _ in open(f"{folder}/alerts"))
correlated = sum("correlation_type" in hit for hit in theirs)
for name, time, hits in (("rsigma eval", peer, f"{sum(told.values())} hits, {correlated} correlations"),
                         ("replay match", match, f"{sum(ours.values())} hits"),
                         ("replay run", run, f"{alerts} alerts")):
    print(f"{rules:>5}  {name:<14} {time:>10.3f} {size / time:>6.0f} {peer / time:>8.1f}    {hits}")
if told != ours:
    sys.exit("error: the hits of a rule differ: " + str({r: (told[r], ours[r]) for r in told | ours if told[r] != ours[r]}))
PYTHON
done
