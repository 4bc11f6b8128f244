"""The gateway's settings."""

from __future__ import annotations

from traitlets import Float, Int, Unicode

from migrator.serving.settings import ServiceSettings


class Gateway(ServiceSettings):
    """Settings of `migrator gateway`."""

    member = Unicode(
        "", help="Name of this member. Given, only a server that the record places here counts as the owner: two standbys "
        "of one move can never both think that they were chosen.",
    ).tag(config=True)  # fmt: skip
    controller_url = Unicode(
        "", help="URL of this member's controller. Given, a page can ask it for a copy of its session, or for another machine.",
    ).tag(config=True)  # fmt: skip
    lease_s = Float(
        20.0,
        help="Seconds without contact after which a pod freezes its kernels by itself. Longer survives longer outages "
        "of the gateway; shorter lets a lost session be restored earlier elsewhere.",
    ).tag(config=True)
    object_limit = Int(
        64 * 2**20,
        help="Largest object in bytes. Packs are of some MiB; this is also what one upload may hold in memory.",
    ).tag(config=True)
    memory_budget = Int(
        64 * 2**20,
        help="Bytes of bodies held at once over all sessions; further uploads wait. Twice this is needed at the peak.",
    ).tag(config=True)
    quota = Int(8 * 2**30, help="Bytes that one session may store; a user pod of mybinder.org has 2 GB of memory.").tag(
        config=True
    )
    quota_refresh_s = Float(
        60.0,
        help="Seconds between listings of a session's objects, which correct what other gateways wrote or deleted.",
    ).tag(config=True)
    record_cache_s = Float(
        0.3,
        help="Age in seconds up to which a record may be reused where fencing is not at stake (reads, first checks).",
    ).tag(config=True)
