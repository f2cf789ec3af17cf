"""`/health`: whether this server can do its work, for whatever watches over it.

    GET /health    status 200, or 503 while no text can be written

The answer is a JSON object:

    status     "ok", "getting ready" (its first texts will take a few seconds) or "failed"
    failed     what made the writing fail: the name of the error, or null
    training   whether a training is running
    version    of charlstm
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import charlstm
from charlstm.interface.models import ModelRegistry
from charlstm.writing.engine import Engine


def health_route(engine: Engine, registry: ModelRegistry) -> Route:
    async def health(request: Request) -> JSONResponse:
        failure = engine.failure
        status = "failed" if failure else "ok" if engine.is_ready else "getting ready"
        return JSONResponse(
            {
                "status": status,
                "failed": None if failure is None else type(failure).__name__,
                "training": await asyncio.to_thread(registry.runs.is_training),
                "version": charlstm.__version__,
            },
            status_code=503 if failure else 200,
            headers={"Cache-Control": "no-store"},
        )

    return Route("/health", health)
