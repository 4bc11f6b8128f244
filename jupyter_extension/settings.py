"""Every setting of the pod's part, in one place: unit, default and reason stand in each `help`."""

from __future__ import annotations

from traitlets import Float, HasTraits, Int, List, Unicode

MIB = 1024 * 1024

DEFAULT_EXCLUDES = [
    "**/.cache",
    "**/__pycache__",
    "**/.npm",
    "**/.local/share/jupyter/runtime",
    "**/.local/share/Trash",
    "**/.nfs*",
    "**/.~*",
    "**/lost+found",
    "**/profile_*/history.sqlite*",
    "**/file_id_manager.db*",  # open in the server from its start on: to replace it would break it
    "**/.jupyter_ystore.db*",
    "**/.ssh/agent*",
]


class Settings(HasTraits):
    """The traitlets of the extension (`c.SessionMigrator.<name>`)."""

    min_interval_s = Float(
        1.0,
        help="Seconds (default 1) between two background snapshots of a kernel at least: cells of less are run again.",
    ).tag(config=True)
    patience_s = Float(
        30.0,
        help="Seconds (default 30) that a background snapshot waits for the end of a cell before it is armed anew.",
    ).tag(config=True)
    kernel_share = Float(
        0.015,
        help="Fraction (default 0.015) of a busy kernel's time that background snapshots may cost it at most; copies in "
        "reserve may cost it as much again, which makes 3 % of both.",
    ).tag(config=True)
    machine_share = Float(
        0.1,
        help="Fraction (default 0.1) of the time that background snapshots may be at work: a pod often has one processor.",
    ).tag(config=True)
    files_interval_s = Float(
        10.0,
        help="Seconds (default 10) between two looks at the files; unchanged ones cost a stat each.",
    ).tag(config=True)
    boundary_wait_s = Float(
        1.0,
        help="Seconds (default 1) that a freeze waits for a running cell to end before its half-way state is saved instead.",
    ).tag(config=True)
    kernel_timeout_s = Float(
        120.0,
        help="Seconds (default 120) that reading one kernel's state may take in the background before it is given up.",
    ).tag(config=True)
    freeze_margin_s = Float(
        0.7,
        help="Seconds (default 0.7) before a deadline at which a snapshot that isn't ready is given up for the last durable one.",
    ).tag(config=True)
    stop_limit_s = Float(
        20.0,
        help="Seconds (default 20; in Kubernetes 5 less than the pod's grace) that the last snapshot may take when the server is told to stop.",
    ).tag(config=True)
    fenced_end_s = Float(
        600.0,
        help="Seconds (default 600) after which a server whose session is elsewhere ends by itself. Its hub stops it within seconds, "
        "if it knows it still.",
    ).tag(config=True)
    journal_delay_s = Float(
        0.05,
        help="Seconds (default 0.05) that a request waits to be journalled together with the next ones.",
    ).tag(config=True)
    journal_limit = Int(
        64 * MIB,
        help="Bytes (default 64 MiB) of requests and outputs kept in memory while the store is away; beyond, outputs go first.",
    ).tag(config=True)
    output_limit = Int(
        8 * MIB,
        help="Bytes (default 8 MiB) of one running cell's outputs that are kept; beyond, the oldest go.",
    ).tag(config=True)
    files_budget = Int(
        2048 * MIB,
        help="Bytes (default 2 GiB) of changed files in a snapshot; the biggest beyond it are left out, and the report names them.",
    ).tag(config=True)
    file_limit = Int(
        1024 * MIB,
        help="Bytes (default 1 GiB) of one file; bigger ones are left out, and the report names them.",
    ).tag(config=True)
    excludes = List(
        Unicode(),
        default_value=DEFAULT_EXCLUDES,
        help="Globs of paths, relative to their root, that are never saved (default: caches, runtime files, open databases). `**` crosses folders.",
    ).tag(config=True)
    extra_roots = List(
        Unicode(),
        help="Absolute folders beside the home and the server's root whose changes are saved, e.g. /srv/conda (default none).",
    ).tag(config=True)
    alive_interval_s = Float(
        5.0,
        help="Seconds (default 5) between two signs of life to the gateway: a quarter of the default lease.",
    ).tag(config=True)
    retry_limit_s = Float(
        30.0,
        help="Seconds (default 30) of the longest pause between two attempts at a store that is down.",
    ).tag(config=True)
    replay_wait_s = Float(
        10.0,
        help="Seconds (default 10) that a restore waits for finished cells to be run again before it lets the page in.",
    ).tag(config=True)
    keep_snapshots = Int(
        10,
        help="Count (default 10) of the newest snapshots that the page can go back to.",
    ).tag(config=True)
    idle_limit_s = Float(
        help="Seconds (default 0: not known) without activity after which the hub's culler stops this server: the page counts down.",
    ).tag(config=True)
    max_age_s = Float(
        help="Seconds (default 0: not known) after its start at which the hub's culler stops this server: the page counts down.",
    ).tag(config=True)
    memory_share = Float(
        0.9,
        help="Fraction (default 0.9) of the container's memory in use at which the page is warned and the session saved; 0: never.",
    ).tag(config=True)
    hub_login_s = Float(
        86400.0,
        help="Seconds (default 86400, a day) for which pages that a hub let in are let in on another hub's machine, unless they log out.",
    ).tag(config=True)
    transfer_limit = Int(
        10 * 1024 * MIB,
        help="Bytes (default 10 GiB) that a download, or an upload of one, may have; an upload needs them free on the disk.",
    ).tag(config=True)
    store = Unicode(
        help="Store URL (default none), e.g. file:///data: saves locally, with no control plane, where there is no gateway.",
    ).tag(config=True)
    key_file = Unicode(
        help="Path (default none) of the file with the 32 bytes of key, raw, in hex or in base64, for `store`.",
    ).tag(config=True)
    local_session = Unicode(
        "local-session",
        help="Session id (default local-session) under which `store` is used.",
    ).tag(config=True)
