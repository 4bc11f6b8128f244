"""A whole federation on one machine, made of the real parts: hubs, proxies, an object store, and this project's services.

It exists for three readers: someone who wants to see a session move, the end-to-end tests, and the benchmarks. Only
the members' BinderHubs are stand-ins (`migrator.demo.binderhub`), since BinderHub itself needs a Kubernetes cluster.
"""
