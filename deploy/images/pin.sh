#!/usr/bin/env bash
# Writes the digests of the base images that are on this machine into deploy/.env, so that later starts use no others.
# Images that were never pulled from a registry have no digest and are left as they are.
set -euo pipefail
deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
settings=${SAFEROUTE_ENV_FILE:-$deploy/.env}
sed -n 's/^ *image: ${\([A-Z]*_IMAGE\):-\(.*\)}$/\1 \2/p' "$deploy/compose.yaml" | while read -r name image; do
  digest=$(docker image inspect --format '{{join .RepoDigests "\n"}}' "$image" 2>/dev/null | head -1)
  [ -n "$digest" ] || { echo "$image: no digest here, left as it is"; continue; }
  sed -i "/^$name=/d" "$settings"
  echo "$name=$digest" | tee -a "$settings"
done
