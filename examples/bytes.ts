/**
 * Bytes alone: a message written and read again, a length that lies, and a packet that gets its header in front without
 * being moved.
 */

import { crc32c, hex, PacketPool, Reader, utf8, Writer } from 'purertc/bytes'

const message = new Writer().u16(7).vector8(utf8('hello')).pad(4).finish()
console.log('written', hex(message), 'CRC-32C', crc32c(message).toString(16))

const reader = new Reader(message)
console.log('read', reader.u16(), new TextDecoder().decode(reader.vector8()), reader.failed ? 'with errors' : 'whole')

const liar = new Reader(new Uint8Array([200, 1, 2, 3]))
console.log('a length of 200 before 3 bytes gives', liar.vector8().length, 'bytes and failed =', liar.failed)

const packet = new PacketPool(1200).take()
packet.bytes.set(message, packet.start)
packet.end += message.length
// A lower layer takes headroom for its own header.
packet.bytes[--packet.start] = 0xff
console.log('with a header', hex(packet.view()))
packet.release()
