# The first process of a node, in namespaces of its own. It starts containerd, kubelet and kube-proxy, and with it they all end.
# A file $FOLDER/shutdown makes the node shut down in order, as far as its pods can tell.
# From outside: NODE (name), IP, FOLDER (state), LAYERS (path of the unpacked layers within containerd's folder), GOLDEN (the
# layers that all nodes share), BIN, PKI.
mount --make-rshared /
mount -t proc proc /proc
mkdir -p "$FOLDER/lib/containerd" "$FOLDER/lib/kubelet" "$FOLDER/log"
mount --bind "$FOLDER/lib" /var/lib
mount --bind "$FOLDER/log" /var/log
mount -t tmpfs tmpfs /run
hostname "$NODE"
# The images' unpacked layers only ever lie below a container's own layer: nobody writes to them.
for layer in "$GOLDEN"/*; do
  own="/var/lib/containerd/$LAYERS/${layer##*/}"
  mkdir -p "$own"
  mount --bind "$layer" "$own"
done
# kubelet wants to set these for the whole machine: let it find them set.
echo 1 > /run/one
echo 10 > /run/ten
mount --bind /run/one /proc/sys/vm/overcommit_memory
mount --bind /run/one /proc/sys/kernel/panic_on_oops
mount --bind /run/ten /proc/sys/kernel/panic
mkdir -p /run/dbus
dbus-daemon --config-file="$FOLDER/dbus.conf" --nofork >> "$FOLDER/dbus.log" 2>&1 &
until [ -S /run/dbus/system_bus_socket ]; do sleep 0.1; done
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket
"$BIN/logind" "$FOLDER/shutdown" >> "$FOLDER/logind.log" 2>&1 &
containerd -c "$FOLDER/containerd.toml" >> "$FOLDER/containerd.log" 2>&1 &
until [ -S /run/containerd/containerd.sock ]; do sleep 0.1; done
# As systemd would: the first kubelet ends if containerd has its socket, and is not ready to be asked yet.
keep() { until "$@"; do sleep 0.5; done; }
keep "$BIN/kubelet" --config="$FOLDER/kubelet.yaml" --kubeconfig="$PKI/$NODE.conf" --hostname-override="$NODE" \
  --node-ip="$IP" >> "$FOLDER/kubelet.log" 2>&1 &
"$BIN/kube-proxy" --config="$FOLDER/proxy.yaml" --hostname-override="$NODE" >> "$FOLDER/proxy.log" 2>&1 &
trap 'kill $(jobs -p); exit 0' TERM
while :; do wait; sleep 1; done
