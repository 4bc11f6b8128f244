"""Puts the rooms together once the gateway has said which session this is."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from jupyter_extension.agents import Agents
from jupyter_extension.checkpoint.budget import Limits
from jupyter_extension.checkpoint.capture import Capture
from jupyter_extension.checkpoint.checkpointer import Checkpointer
from jupyter_extension.checkpoint.layout import Layout
from jupyter_extension.freezer import Freezer, Stopper
from jupyter_extension.gate import Gate
from jupyter_extension.link import Link, SessionInfo, keys_of
from jupyter_extension.login import Login
from jupyter_extension.record.pump import JournalPump
from jupyter_extension.restore.kernels import Kernels
from jupyter_extension.restore.pack_cache import PackCache
from jupyter_extension.restore.restorer import Restorer
from jupyter_extension.restore.snapshots import Snapshots
from jupyter_extension.restore.standby import Standby
from jupyter_extension.server_parts import ServerParts
from jupyter_extension.settings import Settings
from jupyter_extension.status import Status
from jupyter_extension.workspace import Workspace, opened
from migrator.snapshot import JournalWriter
from migrator.snapshot.journal import journal_places


@dataclass
class Ears:
    """What listens from the server's first moment, before the gateway was asked."""

    gate: Gate
    agents: Agents
    layout: Layout
    login: Login
    status: Status


@dataclass
class Machinery:
    """All that works for one session."""

    info: SessionInfo
    cache: PackCache
    pump: JournalPump
    workspace: Workspace
    checkpointer: Checkpointer
    freezer: Freezer
    stopper: Stopper
    snapshots: Snapshots
    kernels: Kernels
    restorer: Restorer
    standby: Standby


async def assemble(
    info: SessionInfo,
    link: Link,
    parts: ServerParts,
    settings: Settings,
    ears: Ears,
    log: logging.Logger,
) -> Machinery:
    """Build everything; reads the journal's end and the files' baseline."""
    keys = keys_of(info)
    cache = PackCache(link.store(info.id))
    pump = JournalPump(
        JournalWriter(cache, keys, info.id, info.epoch),
        info.epoch,
        delay=settings.journal_delay_s,
        limit=settings.journal_limit,
        retry_limit=settings.retry_limit_s,
        log=log,
    )
    places = [place for place in await journal_places(cache) if place[0] == info.epoch]
    pump.position = max([*places, (info.epoch, 0)])
    workspace = await opened(info.id, parts.root, parts.home, settings)
    checkpointer = _checkpointer(info, link, settings, ears, cache, pump, workspace, log)
    snapshots = Snapshots(cache, keys, info.id, log)
    kernels = Kernels(
        parts.managers, parts.sessions, ears.agents, ears.gate.watches, ears.gate.recorder, workspace.roots, log
    )
    freezer = Freezer(
        checkpointer=checkpointer,
        pump=pump,
        agents=ears.agents,
        layout=ears.layout,
        status=ears.status,
        close_pages=ears.gate.close_pages,
        reopen=ears.gate.forward_held,
        margin_s=settings.freeze_margin_s,
        boundary_wait_s=settings.boundary_wait_s,
        log=log,
    )
    restorer = _restorer(snapshots, workspace, kernels, parts, settings, ears, log)
    stopper = Stopper(parts.managers, parts.terminals, ears.status, ears.gate.close_pages, log)
    standby = Standby(link, snapshots, cache, kernels, ears.status, log)
    return Machinery(
        info, cache, pump, workspace, checkpointer, freezer, stopper, snapshots, kernels, restorer, standby
    )


def _checkpointer(
    info: SessionInfo,
    link: Link,
    settings: Settings,
    ears: Ears,
    store: Any,
    pump: JournalPump,
    workspace: Workspace,
    log: logging.Logger,
) -> Checkpointer:
    capture = Capture(
        store=store,
        keys=keys_of(info),
        session=info.id,
        epoch=info.epoch,
        link=link,
        agents=ears.agents,
        recorder=ears.gate.recorder,
        pump=pump,
        workspace=workspace,
        layout=ears.layout,
        login=ears.login,
        log=log,
    )
    limits = Limits(settings.min_interval_s, settings.kernel_share, settings.machine_share)
    return Checkpointer(
        capture,
        ears.layout,
        ears.status,
        limits=limits,
        files_changed=workspace.differs,
        files_interval_s=settings.files_interval_s,
        patience_s=settings.patience_s,
        kernel_timeout_s=settings.kernel_timeout_s,
        retry_limit_s=settings.retry_limit_s,
        log=log,
    )


def _restorer(
    snapshots: Snapshots,
    workspace: Workspace,
    kernels: Kernels,
    parts: ServerParts,
    settings: Settings,
    ears: Ears,
    log: logging.Logger,
) -> Restorer:
    return Restorer(
        snapshots=snapshots,
        workspace=workspace,
        kernels=kernels,
        recorder=ears.gate.recorder,
        watches=ears.gate.watches,
        channels=ears.gate.channels,
        mute=ears.gate.mute,
        login=ears.login,
        managers=parts.managers,
        terminals=parts.terminals,
        home=parts.home,
        output_limit=settings.output_limit,
        replay_wait_s=settings.replay_wait_s,
        log=log,
    )
