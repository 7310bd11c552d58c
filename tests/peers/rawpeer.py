# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""The wire by hand: MPA, DDP and RDMAP over a TCP socket, and what iSER and RPC-over-RDMA put into it.

For peers that must be able to do what no engine of ours would: RFC 5044, 5041, 5040, 7145, 8166, 5531.
"""
import socket
import struct

REQUEST_KEY = b"MPA ID Req Frame"
REPLY_KEY = b"MPA ID Rep Frame"
MARKERS, CRC, REJECT, ENHANCED = 0x8000, 0x4000, 0x2000, 0x1000
ISER_PRIVATE = bytes([0xC0, 0, 0, 0])
WRITE, READ_REQUEST, READ_RESPONSE, SEND, TERMINATE = 0, 1, 2, 3, 7
PATIENCE_S = 8


def mpa_request(revision=1, flags=0, private=b"", private_len=None):
    length = len(private) if private_len is None else private_len
    return REQUEST_KEY + struct.pack(">HH", flags | revision, length) + private


def fpdu(ulpdu, length=None):
    """An FPDU with CRC off."""
    body = struct.pack(">H", len(ulpdu) if length is None else length) + ulpdu
    return body + bytes(-len(body) % 4) + bytes(4)


def untagged(opcode, msn=1, queue=0, offset=0, payload=b"", last=True):
    control = (0x40 if last else 0) | 0x01
    return struct.pack(">BBIIII", control, 0x40 | opcode, 0, queue, msn, offset) + payload


def tagged(opcode, stag, place, payload=b""):
    return struct.pack(">BBIQ", 0xC1, 0x40 | opcode, stag, place) + payload


def _crc_table():
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
        yield n


CRC_TABLE = list(_crc_table())


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def sealed(frame, crc):
    """With CRC on, the frame is right in that: what is wrong shall be found behind it."""
    return frame[:-4] + struct.pack("<I", crc32c(frame[:-4])) if crc else frame


def start(peer, private=b""):
    """An orderly start-up; the reply with its private data is read.  True: CRC is on."""
    peer.sendall(mpa_request(private=private))
    peer.settimeout(PATIENCE_S)
    reply = b""
    while len(reply) < 20 or len(reply) < 20 + struct.unpack(">H", reply[18:20])[0]:
        got = peer.recv(20 + 512 if len(reply) < 20 else 4096)
        if not got:
            raise OSError("the other end closed the connection during start-up")
        reply += got
    if reply[:16] != REPLY_KEY or struct.unpack(">H", reply[16:18])[0] & REJECT:
        raise OSError("a good start-up is refused")
    return bool(struct.unpack(">H", reply[16:18])[0] & CRC)


class Connection:
    """Started up; sends messages, takes what comes as (opcode, payload), and answers no RDMA Read."""

    def __init__(self, where, private=b"", source=None):
        self.peer = socket.create_connection(where, timeout=PATIENCE_S, source_address=(source, 0) if source else None)
        self.peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.crc = start(self.peer, private)
        self.msn = 0
        self.bytes = b""
        self.message = b""

    def send(self, payload):
        self.msn += 1
        self.peer.sendall(sealed(fpdu(untagged(SEND, self.msn, payload=payload)), self.crc))

    def next(self, limit_s):
        """The next message; None: nothing within the limit.  OSError: the connection has ended."""
        self.peer.settimeout(limit_s)
        while True:
            if len(self.bytes) >= 2:
                length = struct.unpack(">H", self.bytes[:2])[0]
                whole = 2 + length + -(2 + length) % 4 + 4
                if len(self.bytes) >= whole:
                    ulpdu, self.bytes = self.bytes[2:2 + length], self.bytes[whole:]
                    done = self._take(ulpdu)
                    if done:
                        return done
                    continue
            try:
                got = self.peer.recv(65536)
            except socket.timeout:
                return None
            if not got:
                raise OSError("the connection has ended")
            self.bytes += got

    def _take(self, ulpdu):
        opcode = ulpdu[1] & 0x0F
        if ulpdu[0] & 0x80:
            return None		# placed somewhere: nobody looks
        if opcode == READ_REQUEST or opcode == TERMINATE:
            return opcode, ulpdu[18:]
        self.message += ulpdu[18:]
        if not ulpdu[0] & 0x40:
            return None
        message, self.message = self.message, b""
        return opcode, message

    def close(self):
        self.peer.close()


# ---- iSER ---------------------------------------------------------------------------------------------------


def iser(bhs, data=b"", write_stag=None):
    head = struct.pack(">B3xIQIQ", 0x10 | (0x08 if write_stag else 0), write_stag or 0, 0, 0, 0)
    return head + bhs + data


def login_bhs(flags=0x87, data_length=0, version=0):
    return (struct.pack(">BBBBI", 0x43, flags, version, version, data_length) + bytes(6) + bytes(2) +
            struct.pack(">IHHII", 1, 0, 0, 1, 0) + bytes(16))


def login_keys(target, initiator):
    return b"\0".join(key.encode() for key in (
        f"InitiatorName={initiator}", f"TargetName={target}", "SessionType=Normal",
        "HeaderDigest=None", "DataDigest=None", "RDMAExtensions=Yes", "InitialR2T=Yes", "ImmediateData=No",
        "InitiatorRecvDataSegmentLength=8192", "TargetRecvDataSegmentLength=8192", "MaxBurstLength=1048576",
        "FirstBurstLength=65536", "MaxOutstandingR2T=1", "MaxConnections=1", "ErrorRecoveryLevel=0",
        "DataPDUInOrder=Yes", "DataSequenceInOrder=Yes", "DefaultTime2Wait=2", "DefaultTime2Retain=0")) + b"\0"


def iser_login(connection, target, initiator):
    """To full feature phase at once; raises OSError when the target does not want it."""
    keys = login_keys(target, initiator)
    connection.send(iser(login_bhs(data_length=len(keys)), keys + bytes(-len(keys) % 4)))
    answer = connection.next(PATIENCE_S)
    if not answer or len(answer[1]) < 28 + 38 or answer[1][28] & 0x3F != 0x23 or answer[1][28 + 36]:
        raise OSError("the login is refused")


def scsi_write(tag, cmd_sn, blocks, stag):
    """WRITE (10) of blocks of 512 bytes, which are to be read from stag."""
    cdb = struct.pack(">BBIBHB", 0x2A, 0, 0, 0, blocks, 0) + bytes(6)
    bhs = struct.pack(">BBHI", 0x01, 0xA0, 0, 0) + bytes(8) + struct.pack(">IIII", tag, blocks * 512, cmd_sn, 1)
    return iser(bhs + cdb, write_stag=stag)


def nop_out(tag, cmd_sn):
    return iser(struct.pack(">BBHI", 0x40, 0x80, 0, 0) + bytes(8) + struct.pack(">IIII", tag, 0xFFFFFFFF, cmd_sn, 1) + bytes(16))


# ---- RPC ----------------------------------------------------------------------------------------------------


def rpc_null(xid, program=100003, version=3):
    return struct.pack(">IIIIIIIIII", xid, 0, 2, program, version, 0, 0, 0, 0, 0)


def record(message):
    return struct.pack(">I", 0x80000000 | len(message)) + message


def rdma_msg(xid, message):
    return struct.pack(">IIIIIII", xid, 1, 32, 0, 0, 0, 0) + message


def rdma_nomsg(xid, length, stag):
    """The whole message is to be read from stag."""
    return struct.pack(">IIIIIIIIQIII", xid, 1, 32, 1, 1, 0, stag, length, 0, 0, 0, 0)
