// A stand-in for systemd's logind, of which a kubelet hears that its machine is about to shut down.
// Protocol: https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.login1.html
package main

import (
	"os"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
)

const (
	loginPath  = dbus.ObjectPath("/org/freedesktop/login1")
	loginIface = "org.freedesktop.login1.Manager"
	maxDelay   = uint64(60 * time.Second / time.Microsecond)
	look       = 50 * time.Millisecond
)

type manager struct{ held []*os.File }

// Inhibit gives a file descriptor; whoever holds it delays the shutdown.
func (m *manager) Inhibit(what, who, why, mode string) (dbus.UnixFD, *dbus.Error) {
	ours, theirs, err := os.Pipe()
	if err != nil {
		return 0, dbus.MakeFailedError(err)
	}
	m.held = append(m.held, ours, theirs)
	return dbus.UnixFD(theirs.Fd()), nil
}

// logind announces a shutdown as soon as the file exists.
func logind(file string) error {
	conn, err := dbus.ConnectSystemBus()
	if err != nil {
		return err
	}
	if err := conn.Export(&manager{}, loginPath, loginIface); err != nil {
		return err
	}
	delay := &prop.Prop{Value: maxDelay, Emit: prop.EmitFalse}
	if _, err := prop.Export(conn, loginPath, prop.Map{loginIface: {"InhibitDelayMaxUSec": delay}}); err != nil {
		return err
	}
	if _, err := conn.RequestName("org.freedesktop.login1", dbus.NameFlagDoNotQueue); err != nil {
		return err
	}
	for ; ; time.Sleep(look) {
		if _, err := os.Stat(file); err == nil {
			return conn.Emit(loginPath, loginIface+".PrepareForShutdown", true)
		}
	}
}
