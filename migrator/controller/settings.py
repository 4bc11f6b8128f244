"""The controller's settings."""

from __future__ import annotations

import socket

from traitlets import Bool, Dict, Float, Int, List, Unicode, default

from migrator.serving.settings import ServiceSettings


class Controller(ServiceSettings):
    """Settings of `migrator controller`."""

    member = Unicode("", help="Name of this member in the federation.").tag(config=True)
    members = Dict(
        help="All members: {name: {'controller': url, 'weight': 1.0, 'relay': ''}}, this one included. "
        "Those that are well and have room are tried for a move, the heavy ones rather first. `relay` is the URL of a "
        "member's proxy as other members' proxies reach it; empty: its pods are reached at the address that they report.",
    ).tag(config=True)
    gateway_url = Unicode("", help="URL under which this member's pods reach their gateway.").tag(config=True)
    lease_s = Float(20.0, help="The gateways' `lease_s`: how long a silent owner may still run after a fence.").tag(
        config=True
    )

    hub_url = Unicode("", help="URL of this member's JupyterHub API, ending in /hub/api.").tag(config=True)
    public_url = Unicode("", help="URL of this member's hub as browsers see it, such as https://hub.example.org.").tag(
        config=True
    )
    redirector_url = Unicode(
        "", help="URL of the federation's redirector as browsers see it. Set: a page whose session was put away can bring it "
        "back, and its user can keep a link to it.",
    ).tag(config=True)  # fmt: skip
    hub_token_file = Unicode("", help="File with an API token of that hub: scopes admin:users, admin:servers.").tag(
        config=True
    )
    proxy_url = Unicode("", help="URL of this member's configurable-http-proxy API; empty: routes are left alone.").tag(
        config=True
    )
    proxy_token_file = Unicode("", help="File with CONFIGPROXY_AUTH_TOKEN.").tag(config=True)
    holding_ip = Unicode(
        "127.0.0.1", help="Address of the listener that answers 503 for sessions on their way; the proxy must reach it."
    ).tag(config=True)
    holding_port = Int(0, help="Its port; 0 lets the system choose one.").tag(config=True)
    shields = List(
        Unicode(),
        default_value=[
            "api", "custom", "doc", "edit", "favicon.ico", "files", "gateway", "kernelspecs", "lab", "login", "logout",
            "lsp", "metrics", "migrator", "nbconvert", "nbextensions", "notebooks", "oauth_callback", "proxy", "rise", "services",
            "static", "terminals", "tree", "view", "voila",
        ],
        help="First path segments of a Jupyter server. They are routed one by one while the hub still owns the route of "
        "the whole server, so that stopping that server leaves no gap.",
    ).tag(config=True)  # fmt: skip

    namespace = Unicode(
        "", help="Kubernetes namespace of this member's pods. Set: the controller hears the cluster's warnings, and of "
        "several controllers one leads. Empty: there is one controller, and no Kubernetes.",
    ).tag(config=True)  # fmt: skip
    lease_name = Unicode("session-migrator-controller", help="Name of the Lease that the leading one holds.").tag(
        config=True
    )
    identity = Unicode(help="This controller's name in the Lease. Default: the host's, which is the pod's.").tag(
        config=True
    )
    hold_s = Float(
        120.0, help="Seconds that a pod with the hold label may keep its eviction waiting while its session moves."
    ).tag(config=True)
    notice_secret_file = Unicode(
        "", help="File with a secret that allows to give notices and nothing else, for watchers on the machines."
    ).tag(config=True)

    @default("identity")
    def _hostname(self) -> str:
        return socket.gethostname()

    same_image_only = Bool(
        False,
        help="In Kubernetes a standby is started with the digest of the image that its session runs. Where that is not to be had: "
        "refuse it (True), or take what the launch's name stands for there, and say so in the timeline (False).",
    ).tag(config=True)
    user_node_selector = Dict(
        Unicode(), help="Labels of the nodes that users' pods may go to, where not all of them: their room is what counts when a "
        "session looks for a member.",
    ).tag(config=True)  # fmt: skip
    user_tolerations = List(
        Dict(), help="Tolerations of users' pods, as in a pod: a node with other taints has no room for them."
    ).tag(config=True)
    nodes_are_shared = Bool(
        False,
        help="Whether those nodes also carry pods of other namespaces, whose requests then count (the controller has to be allowed to list "
        "the pods of all namespaces); False: only this namespace's pods are reckoned with.",
    ).tag(config=True)
    max_sessions = Int(0, help="Sessions that this member takes; 0: no limit here, its hub decides.").tag(config=True)
    live_notice_s = Float(
        15.0, help="Seconds of warning from which a standby is prepared before the source freezes: a start takes that."
    ).tag(config=True)
    host_timeout_s = Float(
        120.0, help="Seconds until a member must have started a standby; then another is tried."
    ).tag(config=True)
    launches_at_once = Int(
        10,
        min=1,
        help="Standbys that this member's hub starts at a time; further ones wait for their turn. A machine with fifty sessions that goes "
        "would otherwise have one hub and one API server start fifty pods at once, and time out over most of them.",
    ).tag(config=True)
    freeze_reserve_s = Float(
        8.0, help="Seconds before the deadline at which the source freezes even if no standby is ready yet."
    ).tag(config=True)
    precopy_limit_s = Float(
        10.0,
        help="Seconds for which a session with time to spare runs on after its standby is up, until that has fetched what was saved "
        "at the notice: so much less is left to do while it stands still. 0 stops it at once.",
    ).tag(config=True)
    freeze_each_s = Float(
        1.0,
        help="Of sessions with about the same deadline each has so many seconds more of `freeze_reserve_s` than the next, since they "
        "share a node and a gateway: fifty that wait for their standbys save in the last 58 s, one after another.",
    ).tag(config=True)
    room_wait_s = Float(
        60.0,
        help="Seconds that a session waits for a member that takes it before it is suspended: its pages wait with it. With a later "
        "deadline it waits until then.",
    ).tag(config=True)
    stop_timeout_s = Float(30.0, help="Seconds until a hub must have stopped a server.").tag(config=True)
    freeze_timeout_s = Float(
        60.0, help="Seconds for the last snapshot when there is no deadline; 1 GB at 1 Gbit/s takes 10."
    ).tag(config=True)
    activate_timeout_s = Float(180.0, help="Seconds to restore files and kernels at the target.").tag(config=True)
    probe_s = Float(1.0, help="Seconds between probes of each session here; a death is noticed after two.").tag(
        config=True
    )
    dead_after = Int(2, help="Probes in a row that find nobody listening until a server counts as dead.").tag(
        config=True
    )
    stalled_s = Float(
        15.0, help="Seconds without progress after which another controller takes a move over; above any single step's "
        "silence would waste time, too low makes two work on one move (harmless, but noisy).",
    ).tag(config=True)  # fmt: skip
    reconcile_s = Float(
        10.0, help="Seconds between checks of this member's routes and servers against the records."
    ).tag(config=True)
    profiles = Dict(
        help="Kinds of machines that pages may choose from: {name: {'title': text, 'user_options': {...}}}. The options are put over those "
        "of the launch, as `profile` of KubeSpawner's profile_list. A name means the same at all members; default: none.",
    ).tag(config=True)
    max_copies = Int(
        3, help="Copies of one session that may live at a time; each is a server of its own. 0: pages offer none."
    ).tag(config=True)
    retention_s = Float(86400.0, help="Seconds that a suspended session can be resumed.").tag(config=True)
    retention_check_s = Float(300.0, help="Seconds between runs of the retention.").tag(config=True)
    delete_users = Bool(
        False,
        help="Delete the hub's user with the server that moved away: right where users are made for one launch (Binder).",
    ).tag(config=True)
