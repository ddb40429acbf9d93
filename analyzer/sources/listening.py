"""Sockets that hear an interface: scapy opens them, and the frames are taken from them as the kernel gives them.

Nothing is dissected. VLAN tags that the kernel or the card took off are put back where they were (packet(7),
PACKET_AUXDATA), times are those of the kernel in nanoseconds, and what the kernel lost is asked for
(PACKET_STATISTICS). ``any`` gives cooked frames with a direction (LINKTYPE_LINUX_SLL2), a name gives those of its link.
Linux only; scapy is loaded when a socket is opened.
"""

from __future__ import annotations

import errno
import socket
from contextlib import suppress
from struct import Struct
from typing import Any, Final, NamedTuple

ANY: Final = "any"
"""All interfaces, also those that come later."""

LARGEST: Final = 1 << 18
"""Octets of a frame that are kept: more than any interface hands over, even with segments merged by the card."""

KERNEL_BUFFER: Final = 1 << 25
"""Octets that the kernel may hold for one socket while nobody reads it; half of it counts for its own bookkeeping."""

ETHERNET: Final = 1
RAW_IP: Final = 101
COOKED: Final = 276

LINKS: Final = {1: ETHERNET, 772: ETHERNET, 65534: RAW_IP, 512: RAW_IP, 768: RAW_IP, 769: RAW_IP, 776: RAW_IP}
"""Link types by what the kernel calls the hardware (ARPHRD_*): Ethernet, loopback, tunnels without a header, PPP."""

_SOL_PACKET, _STATISTICS, _AUXDATA, _TIMESTAMPNS, _RCVBUFFORCE = 263, 6, 8, 35, 33
_VLAN_VALID, _TPID_VALID = 1 << 4, 1 << 6
_OUTGOING: Final = 4
_TPID: Final = 0x8100
_ALL: Final = 3
_DLT_RAW: Final = 12

_aux = Struct("=IIIHHHH").unpack_from
_time = Struct("@qq").unpack
_counters = Struct("=II").unpack
_sll2 = Struct("!HHIHBB8s").pack
_tag = Struct("!HH").pack
_ANCILLARY: Final = socket.CMSG_SPACE(20) + socket.CMSG_SPACE(16)


class NoCapture(Exception):
    """An interface cannot be listened to; one line that says why and what to do."""


class Heard(NamedTuple):
    """A frame as a socket has given it."""

    time: int
    """Nanoseconds since the epoch, by the kernel; 0 if it does not tell."""
    data: bytes
    length: int


class Listener:
    """One interface, open for listening."""

    def __init__(self, name: str, filter: str = "", *, promiscuous: bool = True) -> None:
        """Open it. Raises NoCapture: there is none of this name, it is not allowed, the filter cannot be used."""
        self.name = name
        self.received = self.lost = 0
        """Frames that passed the filter, and those of them that the kernel had no room for."""
        self._socket = _cooked(filter) if name == ANY else _bound(name, filter, promiscuous)
        self._ins: socket.socket = self._socket.ins
        try:
            self._ins.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, KERNEL_BUFFER)
        except PermissionError:
            self._ins.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BUFFER)
        self._ins.setsockopt(_SOL_PACKET, _AUXDATA, 1)
        self._ins.setsockopt(socket.SOL_SOCKET, _TIMESTAMPNS, 1)
        self._ins.setblocking(False)
        hardware = self._ins.getsockname()[3]
        self.link = COOKED if name == ANY else LINKS.get(hardware, 0)
        if not self.link:
            self.close()
            raise NoCapture(f"{name}: frames of this kind of interface (hardware type {hardware}) cannot be read")
        self._indices: dict[str, int] = {}
        self._buffer = bytearray(LARGEST)
        self._view = memoryview(self._buffer)

    def fileno(self) -> int:
        """For `select`."""
        return self._ins.fileno()

    def hear(self) -> Heard | None:
        """The next frame, None if there is none now. Raises OSError if the interface went down or is gone."""
        while True:
            try:
                size, extra, _, address = self._ins.recvmsg_into([self._buffer], _ANCILLARY)
            except BlockingIOError:
                return None
            name, protocol, direction, hardware, sender = address
            if direction == _OUTGOING and hardware == 772:
                continue  # loopback: what is sent is received, too
            time, tag, length = 0, b"", size
            for level, kind, value in extra:
                if level == _SOL_PACKET and kind == _AUXDATA:
                    status, length, _, _, _, tci, tpid = _aux(value)
                    if tci or status & _VLAN_VALID:
                        tag = _tag(tpid if status & _TPID_VALID else _TPID, tci)
                elif level == socket.SOL_SOCKET and kind == _TIMESTAMPNS and len(value) == 16:
                    seconds, rest = _time(value)
                    time = seconds * 1_000_000_000 + rest
            data = self._view[:size].tobytes()
            length = max(length, size)
            if self.link == COOKED:
                index = self._index(name)
                if tag:
                    data, protocol = tag[2:] + protocol.to_bytes(2) + data, int.from_bytes(tag[:2])
                head = _sll2(protocol, 0, index, hardware, direction, min(len(sender), 8), sender[:8])
                return Heard(time, head + data, length + len(head) + len(tag))
            if tag and self.link == ETHERNET:
                data = data[:12] + tag + data[12:]
                length += len(tag)
            return Heard(time, data, length)

    def count(self) -> None:
        """Ask the kernel how many frames passed the filter and how many it lost; its counters begin anew each time."""
        try:
            received, lost = _counters(self._ins.getsockopt(_SOL_PACKET, _STATISTICS, 8))
        except OSError:
            return
        self.received += received
        self.lost += lost

    def narrow(self, filter: str) -> None:
        """Use another filter from now on; no frame is lost between the two. Raises NoCapture."""
        _attach(self._ins, filter, self.link, self.name)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _index(self, name: str) -> int:
        """The number of an interface; they may come and go, so that a name that is not known (any more) has 0."""
        known = self._indices.get(name)
        if known is None:
            try:
                known = socket.if_nametoindex(name)
            except OSError:
                return 0
            if len(self._indices) > 4096:
                self._indices.clear()
            self._indices[name] = known
        return known


def check(filter: str) -> None:
    """See to it that a filter can be used, without any right to capture. Raises NoCapture."""
    _compiled(filter, ETHERNET)


def _bound(name: str, filter: str, promiscuous: bool) -> Any:
    """Scapy's listening socket on an interface, with auxiliary data and times."""
    if name not in (each for _, each in socket.if_nameindex()):
        known = ", ".join(sorted(each for _, each in socket.if_nameindex()))
        raise NoCapture(f"there is no interface {name}; there are {known} and {ANY}")
    listening = _scapy()
    try:
        opened = listening(iface=name, promisc=promiscuous, nofilter=1)
    except OSError as error:
        raise _refused(name, error) from None
    try:
        if filter:
            _attach(opened.ins, filter, LINKS.get(opened.ins.getsockname()[3], ETHERNET), name)
    except BaseException:
        opened.close()
        raise
    return opened


def _cooked(filter: str) -> Any:
    """The same for all interfaces at once: the kernel takes the link header off, and names interface and direction."""
    listening = _scapy()

    class Cooked(listening):  # type: ignore[misc,valid-type]
        """Not bound to any interface."""

        def __init__(self) -> None:
            self.iface, self.promisc, self.outs = ANY, False, None
            self.ins = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL))
            self.auxdata_available = True

    try:
        opened = Cooked()
    except OSError as error:
        raise _refused(ANY, error) from None
    try:
        if filter:
            _attach(opened.ins, filter, COOKED, ANY)
        _flush(opened.ins)  # it heard from the start on, and without the filter
    except BaseException:
        opened.close()
        raise
    return opened


def _scapy() -> Any:
    """Scapy's socket for listening."""
    try:
        from scapy.arch.linux import L2ListenSocket
        from scapy.config import conf
    except ImportError:
        raise NoCapture("interfaces are heard with scapy, on Linux: pip install 'gmaudit[live]'") from None
    conf.logLevel = 40
    conf.ifaces.reload()  # it remembers the numbers of interfaces, which may have gone and come back
    return L2ListenSocket


def _flush(ins: socket.socket) -> None:
    ins.setblocking(False)
    with suppress(OSError):
        for _ in range(1 << 16):
            ins.recv(1)


def _attach(ins: socket.socket, filter: str, link: int, name: str) -> None:
    from scapy.arch.common import free_filter
    from scapy.libs.structures import sock_fprog

    program = _compiled(filter, link)
    try:
        ins.setsockopt(socket.SOL_SOCKET, 26, sock_fprog(program.bf_len, program.bf_insns))  # SO_ATTACH_FILTER
    except OSError as error:
        raise NoCapture(f"{name}: the kernel does not take the filter {filter!r}: {error.strerror}") from None
    finally:
        free_filter(program)


def _compiled(filter: str, link: int) -> Any:
    """The program of a filter, by libpcap. Of a cooked frame the kernel's filter sees the IP packet alone."""
    from scapy.arch.common import compile_filter

    try:
        return compile_filter(filter, linktype=ETHERNET if link == ETHERNET else _DLT_RAW)
    except ImportError:
        raise NoCapture("filters need libpcap, which is not installed: apt-get install libpcap0.8") from None
    except Exception as error:  # scapy has one type for all that libpcap says
        reason = str(error).removeprefix("Failed to compile filter expression").strip(" :") or "it makes no sense"
        raise NoCapture(f"the filter {filter!r} cannot be used: {reason}") from None


def _refused(name: str, error: OSError) -> NoCapture:
    """Why the kernel does not let us listen, and what would help."""
    if isinstance(error, PermissionError):
        return NoCapture(
            f"{name}: no right to capture; run it as root, or allow it once with "
            "sudo setcap cap_net_raw,cap_net_admin+ep on this Python, or pipe: sudo tcpdump -U -w - | gmaudit live -"
        )
    if error.errno == errno.ENETDOWN:
        return NoCapture(f"{name}: is down; ip link set {name} up")
    return NoCapture(f"{name}: {error.strerror or error}")
