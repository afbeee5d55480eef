#!/usr/bin/env bash
# Makes what a deployment needs before its first start: keys, passwords and certificates in deploy/secrets, each file
# readable by the one container user that needs it. Never overwrites anything. Needs bash and docker.
#
#   deploy/init.sh                       make what is missing
#   deploy/init.sh rotate KIND [--force] replace sealing | kafka-passwords | databases | certificates
#   deploy/init.sh put NAME < file       bring your own: edge.crt, edge.key, smtp_password
#
# SAFEROUTE_HOST (in deploy/.env or the environment) is the name by which clients reach this machine.
set -euo pipefail
deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
settings=${SAFEROUTE_ENV_FILE:-$deploy/.env}
SERVICE_USER=10001 # as in deploy/images/Dockerfile
PROXY_USER=10002   # as in deploy/compose.yaml

if [ ! -e "$settings" ]; then
  cp "$deploy/env.example" "$settings"
  echo "made $settings: look at it before you go on with a real mail server"
fi
# The environment wins over the file, as it does for docker compose.
setting() {
  local value=${!1:-}
  [ -n "$value" ] || value=$(sed -n "s/^$1=//p" "$settings" | tail -1)
  printf '%s' "${value:-$2}"
}
secrets=$(setting SAFEROUTE_SECRETS "$deploy/secrets")
case $secrets in /*) ;; *) secrets=$deploy/${secrets#./} ;; esac
image=$(setting SAFEROUTE_REGISTRY saferoute)/ops:$(setting SAFEROUTE_VERSION 0.1.0)

user_of() { docker run --rm --network none --entrypoint id "$@"; }
kafka_user=$(user_of "$(setting KAFKA_IMAGE apache/kafka:4.3.1)" -u)
postgres_user=$(user_of "$(setting POSTGRES_IMAGE postgres:15-bookworm)" -u postgres)

if ! docker image inspect "$image" >/dev/null 2>&1; then
  docker compose -f "$deploy/compose.yaml" --env-file "$settings" --profile tools build ops
fi
mkdir -p "$secrets"
chmod 700 "$secrets"

verb=${1:-make}
[ $# -eq 0 ] || shift
exec docker run --rm --interactive --network none --read-only --tmpfs /tmp --user 0:0 \
  --cap-drop ALL --cap-add CHOWN --cap-add DAC_OVERRIDE --cap-add FOWNER --security-opt no-new-privileges \
  --volume "$secrets:/secrets" "$image" secrets "$verb" "$@" --folder /secrets \
  --hosts "$(setting SAFEROUTE_HOST localhost),localhost,127.0.0.1" \
  --users "$SERVICE_USER,$kafka_user,$postgres_user,$PROXY_USER,$(id -u)"
