"""Two real Kubernetes clusters on one Linux machine, for the tests and for people.

Kubernetes itself is the only judge of what a drained, tainted or lost node really does to a pod, so the tests run on it: the
released components, real kubelets and containers. A node is one process tree in network, mount and process namespaces
of its own: ending its first process loses the node as a spot machine is lost.
"""
