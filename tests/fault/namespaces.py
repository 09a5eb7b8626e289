"""Hosts of their own within this machine, for tests."""
import os
import shutil
import subprocess

from launcher import left_behind


class TwoHosts:
    """Two network namespaces joined by a cable."""

    def __init__(self, test):
        self.suffix = f"{os.getpid()}"
        if os.geteuid() != 0 or shutil.which("ip") is None:
            test.skipTest("network namespaces need root and iproute2")
        self.sweep()
        for name in ("edge", "core"):
            self.permitted(test, "add", self.name(name))
            test.addCleanup(subprocess.run, ["ip", "netns", "delete", self.name(name)], check=True)
            self.permitted(test, "exec", self.name(name), "true")  # not in a chroot whose root is no mount
        self.cables = {"edge": f"le{self.suffix}"[:15], "core": f"lc{self.suffix}"[:15]}
        one, other = self.cables.items()
        self.ip("link", "add", one[1], "netns", self.name(one[0]), "type", "veth", "peer", "name", other[1], "netns", self.name(other[0]))
        for (name, cable), address in zip(self.cables.items(), ("10.99.0.1/24", "10.99.0.2/24")):
            self.ip("-n", self.name(name), "address", "add", address, "dev", cable)
            self.ip("-n", self.name(name), "link", "set", cable, "up")

    @staticmethod
    def sweep():
        """Those of tests that were killed."""
        listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=False).stdout
        for name in [line.split()[0] for line in listed.splitlines()]:
            if name.startswith("leat-") and left_behind(name):
                subprocess.run(["ip", "netns", "delete", name], stderr=subprocess.DEVNULL, check=False)

    def name(self, host):
        return f"leat-{host}-{self.suffix}"

    def prefix(self, host):
        """What makes a command run there."""
        return ("ip", "netns", "exec", self.name(host))

    def deafen(self, test, *hosts):
        """What these send is lost without a word, and no connection ends: as with a router that has died."""
        for host in hosts:
            self.permitted(test, "exec", self.name(host), "tc", "qdisc", "replace", "dev", self.cables[host], "root", "blackhole")

    def heal(self):
        for host, cable in self.cables.items():
            subprocess.run([*self.prefix(host), "tc", "qdisc", "delete", "dev", cable, "root"], stderr=subprocess.DEVNULL, check=False)

    def unplug(self, host):
        self.ip("-n", self.name(host), "link", "set", self.cables[host], "down")

    def plug(self, host):
        self.ip("-n", self.name(host), "link", "set", self.cables[host], "up")

    @staticmethod
    def permitted(test, *arguments):
        done = subprocess.run(["ip", "netns", *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            test.skipTest(f"network namespaces are not permitted here: {done.stderr.strip()}")

    @staticmethod
    def ip(*arguments):
        subprocess.run(["ip", *arguments], check=True)
