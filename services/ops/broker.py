"""A broker's topics, users and ACLs through the admin protocol: looked at, and changed as a plan says."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from services.kit.settings import KafkaSettings
from services.ops.broker_plan import AddRule, Change, Found, MakeTopic, MakeUser, RemoveRule, Rule, SetTopic, Shape

REQUEST_SECONDS = 30.0
"""For one request; a broker that has just started answers within one."""
PROBE_SECONDS = 2.0
SCRAM_ITERATIONS = 4096
"""Kafka's own least. The passwords are 256 random bits: more rounds would only slow every connection."""
SALT_BYTES = 32

_TYPES = {"TOPIC": ResourceType.TOPIC, "GROUP": ResourceType.GROUP, "CLUSTER": ResourceType.BROKER}
_NAMES = {kind: name for name, kind in _TYPES.items()}
"""librdkafka calls the cluster a broker; on the wire it is the cluster."""


class BrokerRefusedError(Exception):
    """A broker that does not answer or does not do what it was asked. Says which request and Kafka's code."""


class Broker:
    """One cluster, seen by somebody who may administrate it."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._client = AdminClient(admin_options(settings))

    def wait(self, seconds: float) -> None:
        """Return once the cluster answers. Raises BrokerRefusedError after `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self._client.list_topics(timeout=PROBE_SECONDS)
                return
            except KafkaException as failure:
                code = _code(failure)
            if time.monotonic() > deadline:
                raise BrokerRefusedError(f"no broker answers after {seconds:.0f} s ({code})")

    def look(self, shapes: Mapping[str, Shape]) -> Found:
        """What is there. Raises BrokerRefusedError."""
        return Found(self.topics(shapes), self._rules(), self._users())

    def topics(self, shapes: Mapping[str, Shape]) -> dict[str, tuple[int, dict[str, str]]]:
        """Those of `shapes` that are there: partitions, and the settings looked for. Raises BrokerRefusedError."""
        present = _asked("topics", lambda: self._client.list_topics(timeout=REQUEST_SECONDS)).topics
        names = [name for name in shapes if name in present]
        settings = self._settings(names, shapes)
        return {name: (len(present[name].partitions), settings[name]) for name in names}

    def setting(self, key: str) -> str | None:
        """A setting of a broker, or None where we may not ask. Raises BrokerRefusedError."""
        (number, *_) = _asked("brokers", lambda: self._client.list_topics(timeout=REQUEST_SECONDS)).brokers
        resource = ConfigResource(ResourceType.BROKER, str(number))
        (answer,) = self._client.describe_configs([resource]).values()
        try:
            (entries,) = _wait("settings of a broker", [answer])
        except BrokerRefusedError:
            return None
        value: str | None = entries[key].value if key in entries else None
        return value

    def change(self, changes: Sequence[Change], passwords: Mapping[str, str]) -> None:
        """Make the changes in their order. `passwords` by user, for those to be made.

        Raises BrokerRefusedError: what was changed until then stays; running again goes on from there.
        """
        for change in changes:
            match change:
                case MakeTopic(name, shape):
                    topic = NewTopic(name, shape.partitions, shape.replication, config=dict(shape.settings))
                    _wait(f"topic {name}", self._client.create_topics([topic]).values())
                case SetTopic(name, settings):
                    resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=_entries(settings))
                    _wait(f"topic {name}", self._client.incremental_alter_configs([resource]).values())
                case MakeUser(name):
                    self.set_passwords({name: passwords[name]})
                case AddRule(rule):
                    _wait(rule.in_words(), self._client.create_acls([_binding(rule, AclBinding)]).values())
                case RemoveRule(rule):
                    _wait(rule.in_words(), self._client.delete_acls([_binding(rule, AclBindingFilter)]).values())

    def set_passwords(self, passwords: Mapping[str, str]) -> None:
        """Give users their SCRAM-SHA-512 credential, made or replaced. Raises BrokerRefusedError."""
        credential = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, SCRAM_ITERATIONS)
        wanted: Any = [
            UserScramCredentialUpsertion(user, credential, password.encode(), secrets.token_bytes(SALT_BYTES))
            for user, password in passwords.items()
        ]
        _wait("users", self._client.alter_user_scram_credentials(wanted).values() if wanted else ())

    def _settings(self, names: Sequence[str], shapes: Mapping[str, Shape]) -> dict[str, dict[str, str]]:
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        answers = self._client.describe_configs(resources) if resources else {}
        found = {}
        for resource, answer in answers.items():
            (entries,) = _wait(f"settings of {resource.name}", [answer])
            found[resource.name] = {key: entries[key].value for key in shapes[resource.name].settings if key in entries}
        return found

    def _rules(self) -> frozenset[Rule]:
        anything: Any = None  # a filter's fields may be empty, which its annotations do not say
        everything = AclBindingFilter(
            ResourceType.ANY,
            anything,
            ResourcePatternType.ANY,
            anything,
            anything,
            AclOperation.ANY,
            AclPermissionType.ANY,
        )
        (bindings,) = _wait("ACLs", [self._client.describe_acls(everything)])
        return frozenset(_rule(binding) for binding in bindings)

    def _users(self) -> frozenset[str]:
        answer: Any = self._client.describe_user_scram_credentials()
        (users,) = _wait("users", [answer])
        return frozenset(users)


def admin_options(settings: KafkaSettings) -> dict[str, Any]:
    """librdkafka's options for the same address and credentials as a service's."""
    options: dict[str, Any] = {
        "bootstrap.servers": settings.bootstrap_servers,
        "security.protocol": settings.protocol,
        "log_level": 0,  # its own lines name addresses only, and each failed probe would write one
    }
    if settings.protocol == "PLAINTEXT":
        return options
    return options | {
        "ssl.ca.location": str(settings.ca_file) if settings.ca_file else "probe",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": settings.username,
        "sasl.password": settings.password().get_secret_value(),
    }


def _entries(settings: Mapping[str, str]) -> list[ConfigEntry]:
    return [
        ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET) for key, value in sorted(settings.items())
    ]


def _binding(rule: Rule, kind: type[AclBinding] | type[AclBindingFilter]) -> Any:
    return kind(
        _TYPES[rule.resource],
        rule.name,
        ResourcePatternType[rule.pattern],
        rule.principal,
        rule.host,
        AclOperation[rule.operation],
        AclPermissionType[rule.permission],
    )


def _rule(binding: Any) -> Rule:
    return Rule(
        binding.principal,
        _NAMES.get(binding.restype, binding.restype.name),
        binding.name,
        binding.operation.name,
        binding.permission_type.name,
        binding.resource_pattern_type.name,
        binding.host,
    )


def _wait(what: str, futures: Iterable[Future[Any]]) -> list[Any]:
    return [_asked(what, lambda: future.result(REQUEST_SECONDS)) for future in futures]  # noqa: B023 - called at once


def _asked(what: str, ask: Any) -> Any:
    code = ""
    try:
        return ask()
    except KafkaException as failure:
        code = _code(failure)
    except TimeoutError:
        code = "no answer in time"
    raise BrokerRefusedError(f"{what}: {code}")


def _code(failure: KafkaException) -> str:
    error: Any = failure.args[0] if failure.args else None
    return str(error.name()) if hasattr(error, "name") else type(failure).__name__
