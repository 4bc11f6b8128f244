"""The redirector's settings: those of mybinder.org's federation-redirect, and the sessions'."""

from __future__ import annotations

from traitlets import Bool, Dict, Enum, Float, Int, Unicode

from migrator.serving.settings import ServiceSettings


class Redirector(ServiceSettings):
    """Settings of `migrator redirector`."""

    hosts = Dict(
        help="The members: {name: {'url', 'weight': 1, 'prime': False, 'health': url + '/health', 'versions': url + "
        "'/versions', 'controller': url or '', 'hub': public URL of its hub or ''}}. Weight 0 or null takes a member out. Without a prime the heaviest is it.",
    ).tag(config=True)
    public_url = Unicode(
        "", help="URL under which browsers see this redirector. Empty: as each request names it, which is right without a "
        "proxy in front that changes it.",
    ).tag(config=True)  # fmt: skip
    load_balancer = Enum(
        ["rendezvous", "random"], "rendezvous", help="How a launch without a cookie finds its member: by its repository "
        "(images are built once), or by chance.",
    ).tag(config=True)  # fmt: skip
    pod_headroom = Int(10, help="Pods that a member must have room for to take a launch.").tag(config=True)
    host_cookie_age_hours = Float(
        4.0, help="Hours that a browser stays with its member; less than the age at which sessions end (6)."
    ).tag(config=True)
    check_period = Float(10.0, help="Seconds between health checks of a member that is well.").tag(config=True)
    check_failed_period = Float(20.0, help="Seconds between health checks of one that is not.").tag(config=True)
    check_jitter = Float(0.1, help="Random share of the period, so that replicas do not check in step.").tag(
        config=True
    )
    check_retries = Int(3, help="Times that a check is repeated after an error of the network.").tag(config=True)
    check_timeout = Float(5.0, help="Seconds for one check.").tag(config=True)

    sessions = Bool(True, help="Know sessions: the same link leads the same browser to its session.").tag(config=True)
    secure_cookies = Bool(True, help="Send cookies over https only. False is for a federation on loopback.").tag(
        config=True
    )
    binding_age_hours = Float(
        24.0, help="Hours that a browser is remembered for a link; the controllers' retention_s in hours."
    ).tag(config=True)
