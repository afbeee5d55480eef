#!/usr/bin/env bash
# Starts the broker of the image: its own wrapper turns KAFKA_* variables into server.properties and formats an empty
# log directory; on one that is formatted already it stops, which is no failure here but a restart.
set -euo pipefail
run=(java -XX:+UseSerialGC -Djava.awt.headless=true -cp '/opt/kafka/libs/*')
logs=/opt/kafka/config/log4j2.yaml
setup=(kafka.docker.KafkaDockerWrapper setup --default-configs-dir /etc/kafka/docker
  --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config)

if ! said=$("${run[@]}" -Xmx128m -XX:TieredStopAtLevel=1 "${setup[@]}" 2>&1); then
  case $said in
    *"already formatted"*) ;;
    *)
      printf '%s\n' "$said" >&2
      exit 1
      ;;
  esac
fi
# shellcheck disable=SC2086 # the heap options are several words
exec "${run[@]}" ${KAFKA_HEAP_OPTS:--Xms384m -Xmx384m} -XX:+ExitOnOutOfMemoryError \
  "-Dlog4j2.configurationFile=$logs" kafka.Kafka /opt/kafka/config/server.properties
