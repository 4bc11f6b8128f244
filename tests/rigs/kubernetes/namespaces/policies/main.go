// Enforces NetworkPolicies on one node of the rig: the controller of kubernetes-sigs/kube-network-policies, which decides on the first
// packet of each connection. Its own rules need nftables' `queue`, which not every kernel has: then it fails to write them, says so,
// and goes on; in their place iptables' NFQUEUE brings it the packets (policies.py). Arguments: a kubeconfig and the node's name.
package main

import (
	"context"
	"fmt"
	"os"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

func main() {
	if err := enforce(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func enforce(ctx context.Context, kubeconfig, node string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	policies, core := factory.Networking().V1().NetworkPolicies(), factory.Core().V1()
	// Not NRIdisabled, with which this version ends at the first packet; where no container runtime answers it does without.
	settings := networkpolicy.Config{NodeName: node, QueueID: 100}
	controller, err := networkpolicy.NewController(client, policies, core.Namespaces(), core.Pods(), nil, nil, nil, nil, settings)
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	return controller.Run(ctx)
}
