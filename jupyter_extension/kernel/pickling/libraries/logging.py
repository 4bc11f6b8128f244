"""Loggers are references; what the session changed about them (levels, handlers, filters) is put back."""

from __future__ import annotations

import logging
import sys
from typing import Any

from .. import rebuild
from ..lost import Lost

MODULE = "logging"
NAME = "libraries.logging"
_OWN = ("ipykernel", "traitlets", "tornado", "asyncio", "comm", "jupyter", "debugpy", "parso", "IPKernelApp")


def reduce_logger(logger: logging.Logger, saving: Any) -> Any:
    """Reduce a logger to its name."""
    if logger.manager is not logging.Logger.manager:
        return rebuild.bare, (type(logger),), (dict(vars(logger)), None), None, None, rebuild.set_attributes
    name = None if logger is logging.root else logger.name
    return saving.refer(logger, (logging.getLogger, (name,) if name else ()))


def inherited(_module: Any) -> dict[type, Any]:
    """Give the reducers of types and their subclasses."""
    return {logging.Logger: reduce_logger}


def capture(_saving: Any) -> Any:
    """Give the loggers that differ from a new one."""
    loggers: dict[str, Any] = {"": logging.root}
    loggers.update(
        {name: found for name, found in logging.root.manager.loggerDict.items() if isinstance(found, logging.Logger)}
    )
    state = {name: _state(logger) for name, logger in loggers.items() if _changed(name, logger)}
    captured = logging._warnings_showwarning is not None  # type: ignore[attr-defined]
    return (state, logging.root.manager.disable, _level_names(), captured)


def _changed(name: str, logger: logging.Logger) -> bool:
    if name.startswith(_OWN):
        return False
    level = logging.WARNING if logger is logging.root else logging.NOTSET
    return bool(logger.handlers or logger.filters or logger.disabled or logger.level != level or not logger.propagate)


def _state(logger: logging.Logger) -> dict[str, Any]:
    names = ("level", "handlers", "filters", "disabled", "propagate")
    return {name: list(value) if isinstance(value := getattr(logger, name), list) else value for name in names}


def _level_names() -> dict[int, str]:
    return {level: name for level, name in logging._levelToName.items() if level % 10}


def _usable(handler: Any) -> bool:
    """Tell whether a handler came back whole: one whose stream is gone would raise at each message."""
    return isinstance(handler, logging.Handler) and not any(type(value) is Lost for value in vars(handler).values())


def apply(state: Any, loading: Any) -> None:
    """Put the loggers back."""
    loggers, disable, levels, *captured = state  # earlier snapshots do not say
    for level, name in levels.items():
        logging.addLevelName(level, name)
    for name, attributes in loggers.items():
        logger = logging.getLogger(name or None)
        handlers = [handler for handler in attributes["handlers"] if _usable(handler)]
        if len(handlers) < len(attributes["handlers"]):
            loading.warn(f"the logger {name or 'root'}: a handler did not come back, since what it wrote to is gone")
        vars(logger).update(attributes, handlers=handlers)
        for handler in handlers:
            logging._addHandlerRef(handler)  # type: ignore[attr-defined]
    logging.root.manager.disable = disable
    logging.captureWarnings(any(captured))
    sys.modules["logging"].Logger.manager._clear_cache()
