"""A disk that can be filled, for tests: a small tmpfs that only this process and its children see."""
import ctypes
import errno
import os
import pathlib

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_REC, MS_PRIVATE, MNT_DETACH = 0x4000, 1 << 18, 2


class NotPermitted(Exception):
    pass


def call(name, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise NotPermitted(f"{name}: {errno.errorcode.get(number, number)}")


def leave_mounts():
    """What this process mounts from now on is nobody else's business."""
    uid, gid = os.geteuid(), os.getegid()
    call("unshare", CLONE_NEWNS | (CLONE_NEWUSER if uid != 0 else 0))
    if uid != 0:
        pathlib.Path("/proc/self/setgroups").write_text("deny")
        pathlib.Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        pathlib.Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)


class SmallDisk:
    """Mounted at `folder`, with room for `size` bytes; skips the test where that is not permitted."""

    def __init__(self, test, folder, size):
        self.folder = folder
        folder.mkdir()
        try:
            leave_mounts()
            call("mount", b"small", str(folder).encode(), b"tmpfs", 0, f"size={size}".encode())
        except NotPermitted as why:
            test.skipTest(f"mounts of its own are not permitted here: {why}")
        test.addCleanup(call, "umount2", str(folder).encode(), MNT_DETACH)

    def room(self):
        state = os.statvfs(self.folder)
        return state.f_bavail * state.f_bsize

    def fill(self, leave=0):
        """Takes all room but this much."""
        with open(self.folder / "ballast", "ab", buffering=0) as ballast:
            try:
                while (left := self.room() - leave) > 0:
                    ballast.write(b"\1" * min(left, 1 << 20))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def make_room(self):
        (self.folder / "ballast").unlink()
