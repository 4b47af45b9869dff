"""OpenSSL's DTLS 1.2 shaking hands with itself through memory BIOs: openssl-handshakes.py GROUP WARM-UP MEASURED

For the bench. GROUP is x25519 or secp256r1, the others are numbers of handshakes. Prints as JSON what a handshake
costs, client's and server's side together (bench/handshakes/measure.ts says what each figure means). Both certificates
have keys on P-256 and are made once; each end trusts the other's and no other; there are no tickets, and no sessions
that could be taken up again.

pyOpenSSL cannot say what group was agreed on, so that is read from the ServerKeyExchange. The time inside the library
is the share of the calls of SSL_do_handshake, by the thread's CPU clock in handshakes of their own, less what such a
call costs when there is nothing left to do; the rest is Python's, the memory BIOs', and the making of the objects.
"""

import json
import sys
import time

from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL, crypto

MTU = 1200
CIPHER = b"ECDHE-ECDSA-AES128-GCM-SHA256"
GROUPS = {29: "x25519", 23: "secp256r1"}
SERVER_KEY_EXCHANGE = 12
# Before a record's content, and before a message's body.
RECORD_HEADER = 13
MESSAGE_HEADER = 12


def make_identity():
    key = crypto.PKey.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()))
    certificate = crypto.X509()
    certificate.get_subject().CN = "WebRTC"
    certificate.set_issuer(certificate.get_subject())
    certificate.set_version(2)
    certificate.set_serial_number(time.time_ns())
    certificate.gmtime_adj_notBefore(-86400)
    certificate.gmtime_adj_notAfter(30 * 86400)
    certificate.set_pubkey(key)
    certificate.sign(key, "sha256")
    return certificate, key


def make_context(own, peer, group):
    certificate, key = own
    context = SSL.Context(SSL.DTLS_METHOD)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    context.get_cert_store().add_cert(peer[0])
    context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_QUERY_MTU)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_cipher_list(CIPHER)
    context.set_tlsext_use_srtp(b"SRTP_AEAD_AES_128_GCM")
    # X25519 is what it prefers, and pyOpenSSL has no other way to say so.
    if group == "secp256r1":
        context.set_tmp_ecdh(crypto.get_elliptic_curve("prime256v1"))
    return context


def call(connection):
    return connection.do_handshake()


def shake(contexts, do_handshake=call, observe=None):
    """A whole handshake; the two connections."""
    client, server = (SSL.Connection(context, None) for context in contexts)
    client.set_connect_state()
    server.set_accept_state()
    client.set_ciphertext_mtu(MTU)
    server.set_ciphertext_mtu(MTU)
    pending = [(client, server), (server, client)]
    for _ in range(4):
        for one, other in list(pending):
            try:
                do_handshake(one)
                pending.remove((one, other))
            except SSL.WantReadError:
                pass
            try:
                flight = one.bio_read(65536)
            except SSL.WantReadError:
                continue
            if observe is not None:
                observe(flight)
            other.bio_write(flight)
        if not pending:
            return client, server
    raise RuntimeError("the handshake does not end")


def shake_often(contexts, count):
    """CPU and time of each of that many handshakes, in milliseconds."""
    cpu, began = time.process_time(), time.perf_counter()
    for _ in range(count):
        shake(contexts)
    return (time.process_time() - cpu) * 1000 / count, (time.perf_counter() - began) * 1000 / count


def library_share(contexts, count):
    """What part of a handshake's CPU is spent inside SSL_do_handshake, from 0 to 1."""
    clock = time.thread_time_ns
    spent = calls = 0

    def timed(connection):
        nonlocal spent, calls
        began = clock()
        try:
            return connection.do_handshake()
        finally:
            spent += clock() - began
            calls += 1

    all_began = clock()
    for _ in range(count):
        client, _ = shake(contexts, timed)
    everything, inside, inside_calls = clock() - all_began, spent, calls
    # The connection is done: what is left is the call itself, and what timing it costs.
    spent = calls = 0
    empty_began = clock()
    for _ in range(1000):
        timed(client)
    empty = (clock() - empty_began) / calls
    call = spent / calls
    return (inside - inside_calls * call) / (everything - inside_calls * (empty - call))


def read_group(contexts):
    found = []

    def observe(flight):
        at = 0
        while at + RECORD_HEADER + MESSAGE_HEADER + 3 <= len(flight):
            content = at + RECORD_HEADER
            if flight[at] == 22 and flight[content] == SERVER_KEY_EXCHANGE:
                # ECCurveType, then the group (RFC 8422, 5.4).
                curve = content + MESSAGE_HEADER + 1
                found.append(int.from_bytes(flight[curve : curve + 2], "big"))
            at = content + int.from_bytes(flight[at + 11 : content], "big")

    shake(contexts, observe=observe)
    return GROUPS.get(found[0], str(found[0]))


def main():
    group, warm_up, measured = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    one, other = make_identity(), make_identity()
    contexts = make_context(one, other, group), make_context(other, one, group)
    first_cpu, first_time = shake_often(contexts, 1)
    shake_often(contexts, warm_up)
    cpu, elapsed = shake_often(contexts, measured)
    library_cpu = cpu * library_share(contexts, measured)
    agreed_group = read_group(contexts)
    if agreed_group != group:
        raise RuntimeError("agreed on " + agreed_group)
    client, server = shake(contexts)
    if client.get_peer_certificate() is None or server.get_peer_certificate() is None:
        raise RuntimeError("a certificate is missing")
    version = client.get_protocol_version_name().replace("v", " ")
    library = SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode()
    costs = {
        "cpu": cpu,
        "perSecond": 1000 / elapsed,
        "firstCpu": first_cpu,
        "firstTime": first_time,
        "libraryCpu": library_cpu,
        "agreed": ", ".join([version, agreed_group, client.get_cipher_name(), " ".join(library.split()[:2])]),
    }
    print(json.dumps(costs))


main()
