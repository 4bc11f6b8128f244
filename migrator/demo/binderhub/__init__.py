"""A stand-in for a member's BinderHub: its public protocol, and its way of launching through the hub; no builds.

The repository of every link is the demo's sample, whose "image" is always found. Everything else of this project meets
only what a BinderHub offers to the public: `/v2`, the `/build` event stream, `/health` and `/versions`.
"""
