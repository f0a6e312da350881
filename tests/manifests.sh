#!/usr/bin/env bash
# Checks what ships for containers and clusters, without any engine or cluster: Compose's own reading of its file, Kustomize's
# of the manifests, each object against Kubernetes' schema, and linters. Needs apt-get install docker-compose and kubectl, and
# npm with its registry. Ends with exit 0, or at the first thing that is not as it should be.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

say() { printf '== %s\n' "$*"; }

# A copy, since make.sh writes keys beside the files.
cp -r "$root/network-configs" "$folder/"
LEDGER="${LEDGER:-$root/ledger}" "$folder/network-configs/make.sh" kubernetes >"$folder/make.log"

say "docker-compose.yml, as Compose reads it"
(cd "$folder/network-configs" && docker-compose config --quiet)

say "the manifests, as Kustomize reads them"
kubectl kustomize "$folder/network-configs/kubernetes" >"$folder/manifests.yaml"
grep '^kind:' "$folder/manifests.yaml" | sort | uniq -c

say "linters and schemas"
cd "$folder"
npm init --yes >/dev/null
npm install --no-audit --no-fund --loglevel=error \
  dclint@3.1.0 dockerfile-utils@0.16.3 kubernetes-models@4.5.1 js-yaml@4.1.1 >/dev/null
npx dclint --quiet network-configs/docker-compose.yml
cat >check.js <<'JS'
const fs = require('fs'), yaml = require('js-yaml'), { validate } = require('dockerfile-utils');
let faults = 0, valid = 0;
const fault = words => { faults++; console.error(words); };

for (const found of validate(fs.readFileSync(process.argv[2], 'utf8'))) {
  fault(`Dockerfile:${found.range.start.line + 1}: ${found.message}`);
}

for (const object of yaml.loadAll(fs.readFileSync('manifests.yaml', 'utf8'))) {
  if (object.kind === 'ServiceMonitor') {
    continue; // The Prometheus operator's own; its schema is not Kubernetes'.
  }

  // Kustomize breaks base64 into lines, which Kubernetes takes and a strict schema does not.
  for (const key in object.kind === 'Secret' ? object.data : {}) {
    object.data[key] = object.data[key].replace(/\s/g, '');
  }

  try {
    new (require(`kubernetes-models/${object.apiVersion}`))[object.kind](object).validate();
    valid++;
  } catch (error) {
    fault(`${object.kind} ${object.metadata.name}: ${error.message}`);
  }
}

console.log(`${valid} Kubernetes objects are valid`);
process.exit(faults === 0 && valid > 0 ? 0 : 1);
JS
node check.js "$root/Dockerfile"
say "all well"
