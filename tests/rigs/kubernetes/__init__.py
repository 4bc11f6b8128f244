"""Two real Kubernetes clusters on one Linux machine, for the tests and for people.

Kubernetes itself is the only judge of what a drained, tainted or lost node really does to a pod, so the tests run on it: the
released components, real kubelets and containers. Two packages make the same clusters (`contract.py`): `kind` where that and Docker are
to be had, `namespaces` everywhere else. All other modules serve both.
"""
