/** SRTP by itself: keys as a handshake exports them, a packet protected and opened, a replayed and a forged one refused. */

import { Packet } from 'purertc/bytes'
import { nodeCrypto as crypto } from 'purertc/crypto/node'
import { keyingMaterialLength, SrtpReceiver, SrtpSender, splitKeyingMaterial } from 'purertc/srtp'

const profile = 'SRTP_AEAD_AES_128_GCM'
// What DTLS exports under the label EXTRACTOR-dtls_srtp (RFC 5764, 4.2): the same on both sides.
const material = crypto.random.fill(new Uint8Array(keyingMaterialLength(profile)))
const { client } = splitKeyingMaterial(profile, material)

const sender = new SrtpSender({ crypto, profile, keys: client })
const receiver = new SrtpReceiver({ crypto, profile, keys: client })

// Version 2, payload type 96, number 1, timestamp 0, SSRC 7, and four bytes of payload; with room for a tag behind.
const packet = Packet.copy(Uint8Array.of(0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 1, 2, 3, 4))
sender.protect(packet)
const wire = packet.view().slice()
console.log(`protected: ${wire.length} bytes`)

const replayed = wire.slice()
const forged = wire.with(13, 0)
console.log(`forged: ${receiver.unprotect(forged)}`)
const length = receiver.unprotect(wire)
console.log(`opened: ${wire.subarray(12, length)}`)
console.log(`replayed: ${receiver.unprotect(replayed)}`)
console.log(receiver.counters)
