#!/usr/bin/env bash
# Replaces the four services by those of another version, one service after the other and two sets side by side, so
# that no post is refused while it runs. Going back is the same command with the old version.
#
#   deploy/upgrade.sh VERSION
#   REPLICAS=2 deploy/upgrade.sh VERSION     after a run that stopped half-way: how many of each there shall be
#
# The images of VERSION must be there: `SAFEROUTE_VERSION=... docker compose -f deploy/compose.yaml pull` (or `build`).
# Migrations run first and only ever add, so that the old version goes on working beside the new one.
set -euo pipefail
deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
settings=${SAFEROUTE_ENV_FILE:-$deploy/.env}
version=${1:?usage: deploy/upgrade.sh VERSION}
DRAIN_SECONDS=5 # longer than intake takes to answer a post that it has begun
STOP_SECONDS=20 # as stop_grace_period in compose.yaml

# COMPOSE_FILE names the files of a deployment that has more than one, such as three brokers'.
files=()
[ -n "${COMPOSE_FILE:-}" ] || files=(-f "$deploy/compose.yaml")
compose() { SAFEROUTE_VERSION=$version docker compose "${files[@]}" --env-file "$settings" "$@"; }

# Has the proxy use these containers alone; without any, all that the service's name leads to. What it has begun with
# others it ends there.
lead_to() {
  local service=$1 addresses
  local -a setting=()
  shift
  if [ $# -gt 0 ]; then
    addresses=$(docker inspect --format \
      '{{range $name, $end := .NetworkSettings.Networks}}{{println $name $end.IPAddress}}{{end}}' "$@" |
      sed -n 's/^[^ ]*_front \(.*\)$/\1:8000/p' | paste -sd ' ')
    setting=(--env "${service^^}_REPLICAS=$addresses")
  fi
  compose exec -T "${setting[@]}" caddy caddy reload --config /etc/caddy/Caddyfile --adapter caddyfile 2>/dev/null || {
    echo "the proxy could not be told which replicas of $service to use: does caddy run?" >&2
    return 1
  }
}

replace() {
  local service=$1 count id
  local -a old new
  mapfile -t old < <(compose ps --quiet "$service")
  count=${REPLICAS:-${#old[@]}}
  [ "${#old[@]}" -gt 0 ] || { echo "$service does not run: start the deployment first" >&2; exit 1; }
  compose up --detach --no-deps --no-recreate --wait --scale "$service=$((${#old[@]} + count))" "$service"
  mapfile -t new < <(compose ps --quiet "$service" | grep -vxFf <(printf '%s\n' "${old[@]}"))
  case $service in intake | notify)
    lead_to "$service" "${new[@]}"
    sleep "$DRAIN_SECONDS"
    ;;
  esac
  for id in "${old[@]}"; do
    docker stop --time "$STOP_SECONDS" "$id" >/dev/null
    docker rm "$id" >/dev/null
  done
  compose up --detach --no-deps --no-recreate --wait --scale "$service=$count" "$service"
  case $service in intake | notify) lead_to "$service" ;; esac
  echo "$service: $count replicas of $version"
}

# However this ends, the proxy goes back to all replicas: addresses of containers that are gone would answer no post.
trap 'lead_to intake || true; lead_to notify || true' EXIT

for job in topics databases migrate-intake migrate-redaction migrate-notify; do
  compose run --rm --no-deps -T "$job"
done
# Readers before writers: a new version's additions are understood before anybody sends them.
for service in notify routing redaction intake; do
  replace "$service"
done

trap - EXIT # it uses all replicas already

if grep -q '^SAFEROUTE_VERSION=' "$settings"; then
  sed -i "s/^SAFEROUTE_VERSION=.*/SAFEROUTE_VERSION=$version/" "$settings"
else
  echo "SAFEROUTE_VERSION=$version" >>"$settings"
fi
echo "upgraded to $version"
