"""What a disk promises: whether other machines write to it, and that a folder's names survive a power cut."""

from __future__ import annotations

import os
from pathlib import Path

_NETWORK_DISKS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "lustre", "gpfs", "beegfs", "ceph", "9p", "afs", "glusterfs"}
)


def on_network_disk(folder: Path) -> bool:
    """Whether other machines may write there too. Where the system does not say, the disk is taken to be local."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    kinds = {}
    for line in mounts:
        fields = line.split(" ")
        if len(fields) > 2:
            # Blanks in a mount point are written in octal.
            kinds[Path(fields[1].replace("\\040", " "))] = fields[2]
    place = folder.resolve()
    kind = next((kinds[above] for above in (place, *place.parents) if above in kinds), "")
    return kind in _NETWORK_DISKS


def sync_folder(folder: Path) -> None:
    """Returns once what was created or renamed there would survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
