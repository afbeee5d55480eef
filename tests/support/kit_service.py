"""A service that only holds a Kafka client and publishes: `python -m tests.support.kit_service KAFKA PORT TOPIC`.

It prints `up` once it serves; tests stop it with signals.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

from fastapi import FastAPI

from services.kit.broker import Publisher, create_broker, wait_for_kafka
from services.kit.errors import InfrastructureError
from services.kit.serve import Fatal, serve
from services.kit.settings import HttpSettings, KafkaSettings
from tests.support.kit_lab import small


def build(bootstrap_servers: str, topic: str, fatal: Fatal) -> FastAPI:
    settings = KafkaSettings(bootstrap_servers=bootstrap_servers)
    broker = create_broker(settings)
    publisher = Publisher(broker, fatal)

    async def publish_for_ever() -> None:
        while True:
            with contextlib.suppress(InfrastructureError):
                await publisher.publish([small(topic)])
            await asyncio.sleep(0.05)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        print("waiting", flush=True)
        await wait_for_kafka(settings)
        await broker.start()
        publishing = asyncio.create_task(publish_for_ever())
        print("up", flush=True)
        yield
        publishing.cancel()
        await broker.stop()

    return FastAPI(lifespan=lifespan)


if __name__ == "__main__":
    kafka, port, where = sys.argv[1:]
    serve(lambda fatal: build(kafka, where, fatal), HttpSettings(port=int(port)))
