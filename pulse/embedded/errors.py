"""What stops an embedded server from starting, said in one line that a person can act on."""

import errno


class EmbeddedError(Exception):
    """One clear sentence for the terminal; no traceback belongs below it."""


_REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space, or set PULSE_DATA to a directory on another disk",
    errno.EDQUOT: "your disk quota is used up; free some space, or set PULSE_DATA to a directory elsewhere",
    errno.EROFS: "the file system is read-only; set PULSE_DATA to a directory that you can write",
    errno.EACCES: "permission denied; set PULSE_DATA to a directory that you can write",
    errno.EPERM: "not permitted; set PULSE_DATA to a directory that you own",
    errno.ENOTDIR: "a file is in the way; set PULSE_DATA to a directory",
    errno.EEXIST: "a file is in the way; set PULSE_DATA to a directory",
}


def from_os_error(doing: str, error: OSError) -> EmbeddedError:
    """`doing` is the attempt in words ("write /srv/pulse"); the errno decides the remedy."""
    reason = _REMEDIES.get(error.errno or 0, (error.strerror or str(error)).lower())
    return EmbeddedError(f"Cannot {doing}: {reason}.")


def from_output(doing: str, output: str) -> EmbeddedError:
    """The line of a server's own output that says why it failed, with a remedy where we know one."""
    for number, words in ((errno.ENOSPC, "No space left on device"), (errno.EDQUOT, "quota exceeded")):
        if words in output:
            return from_os_error(doing, OSError(number, words))
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "PANIC" in line or "rror" in line]
    return EmbeddedError(f"Cannot {doing}: {(telling or lines or ['it gave no reason'])[-1]}")
