"""One running system for all fault tests: started once, gone after the last of them; each test leaves it whole."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.local.kafka import EmbeddedKafka
from tests.support.chaos_stack import SLOW, Arena, arena


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def field(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Arena]:
    """The system, its services without a mistake until a test gives them one."""
    async with arena(tmp_path_factory.mktemp("chaos"), os.environ, lambda _line: None, faults=SLOW) as made:
        if not isinstance(made.stack.chosen.broker, EmbeddedKafka):
            pytest.skip(f"the fault tests stop and wipe an embedded Apache Kafka: {made.stack.chosen.notice}")
        yield made
