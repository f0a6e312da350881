#!/usr/bin/env bash
# Writes one put per Debian package that apt knows of, as operations for `ledger tx submit`:
# namespace debian, key name/version/architecture, value "sha256:HASH size:BYTES".
# Needs nothing but bash, awk and apt's own lists (run `apt-get update` first).
set -euo pipefail

lists=${1:-/var/lib/apt/lists}
helper=/usr/lib/apt/apt-helper

shopt -s nullglob
files=("$lists"/*_Packages "$lists"/*_Packages.lz4)
if [ ${#files[@]} -eq 0 ]; then
  echo "error: no package lists in $lists; run 'apt-get update' first" >&2
  exit 1
fi

for file in "${files[@]}"; do
  case $file in
    *.lz4) "$helper" cat-file "$file" ;;
    *) cat "$file" ;;
  esac
  # A list need not end with an empty line, and the next one must not run into it.
  echo
done | awk '
  function text(s) { gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); return s }
  function emit(   key) {
    if (name != "" && hash != "") {
      key = name "/" version "/" arch
      # Two lists may hold the same package.
      if (!(key in seen)) {
        seen[key] = 1
        printf "{\"op\":\"put\",\"namespace\":\"debian\",\"key\":\"%s\",\"value\":\"sha256:%s size:%s\"}\n",
          text(key), hash, size
      }
    }
    name = version = arch = hash = size = ""
  }
  /^Package: / { name = $2 }
  /^Version: / { version = $2 }
  /^Architecture: / { arch = $2 }
  /^SHA256: / { hash = $2 }
  /^Size: / { size = $2 }
  /^$/ { emit() }
  END { emit() }
'
