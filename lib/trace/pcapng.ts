/**
 * Packets in the clear as a pcapng file (draft-ietf-opsawg-pcapng), for Wireshark and its kin.
 *
 * What is traced is what a layer sees behind the encryption, without the headers of the layers below. Each layer is an
 * interface of its own: SCTP packets have a link type of their own (LINKTYPE_SCTP); the others are written as PDUs with
 * the name of their dissector (LINKTYPE_WIRESHARK_UPPER_PDU), so that nothing need be configured to see them dissected.
 */

import { utf8, Writer } from '../bytes/index.ts'
import type { TraceSink } from '../machine/index.ts'

const SECTION_HEADER = 0x0a0d0d0a
const INTERFACE_DESCRIPTION = 1
const ENHANCED_PACKET = 6
const BYTE_ORDER_MAGIC = 0x1a2b3c4d

const LINKTYPE_SCTP = 248
const LINKTYPE_WIRESHARK_UPPER_PDU = 252

const OPTION_IF_NAME = 2
const OPTION_EPB_FLAGS = 2
const OPTION_USER_APPLICATION = 4
const INBOUND = 1
const OUTBOUND = 2

/** The tag of an exported PDU that names its dissector. */
const TAG_DISSECTOR_NAME = 12
/** Dissectors whose name is not the layer's own. */
const DISSECTORS: Readonly<Record<string, string>> = { ice: 'stun-udp' }

export interface PcapngOptions {
  /** Milliseconds since 1970 at the zero of the host's clock (`Host.timeOrigin`): added to each time. 0 by default. */
  readonly timeOrigin?: number
}

const option = (w: Writer, code: number, value: Uint8Array): void => {
  w.u16(code).vector16(value).pad(4)
}

const endOfOptions = (w: Writer): void => {
  w.u16(0).u16(0)
}

const block = (type: number, body: (w: Writer) => void): Uint8Array => {
  const w = new Writer()
  w.u32(type).u32(0)
  body(w)
  const length = w.length + 4
  return w.u32(length).setU32(4, length).finish()
}

const exportedPduHeader = (dissector: string): Uint8Array => {
  const name = utf8(dissector)
  const padded = Math.ceil(name.length / 4) * 4
  const w = new Writer()
  w.u16(TAG_DISSECTOR_NAME)
    .u16(padded)
    .bytes(name)
    .zeros(padded - name.length)
  endOfOptions(w)
  return w.finish()
}

/**
 * @param write Takes the file piece by piece, in order: its head at once, then a block or two a packet. The bytes are the
 * caller's to keep.
 */
export const pcapngSink = (write: (bytes: Uint8Array) => void, options: PcapngOptions = {}): TraceSink => {
  const { timeOrigin = 0 } = options
  const interfaces = new Map<string, { readonly id: number; readonly header: Uint8Array }>()

  write(
    block(SECTION_HEADER, w => {
      // The length of the section is not known yet: all ones.
      w.u32(BYTE_ORDER_MAGIC).u16(1).u16(0).u32(0xffffffff).u32(0xffffffff)
      option(w, OPTION_USER_APPLICATION, utf8('purertc'))
      endOfOptions(w)
    }),
  )

  const interfaceOf = (layer: string) => {
    const known = interfaces.get(layer)
    if (known !== undefined) return known
    const sctp = layer === 'sctp'
    const header = sctp ? new Uint8Array(0) : exportedPduHeader(DISSECTORS[layer] ?? layer)
    const created = { id: interfaces.size, header }
    interfaces.set(layer, created)
    write(
      block(INTERFACE_DESCRIPTION, w => {
        w.u16(sctp ? LINKTYPE_SCTP : LINKTYPE_WIRESHARK_UPPER_PDU)
          .u16(0)
          .u32(0)
        option(w, OPTION_IF_NAME, utf8(layer))
        endOfOptions(w)
      }),
    )
    return created
  }

  return {
    packet: (layer, direction, bytes, now) => {
      const { id, header } = interfaceOf(layer)
      const microseconds = Math.round((timeOrigin + now) * 1000)
      const length = header.length + bytes.length
      write(
        block(ENHANCED_PACKET, w => {
          w.u32(id)
            .u32(Math.floor(microseconds / 0x1_0000_0000))
            .u32(microseconds % 0x1_0000_0000)
            .u32(length)
            .u32(length)
            .bytes(header)
            .bytes(bytes)
            .pad(4)
          option(w, OPTION_EPB_FLAGS, new Uint8Array([0, 0, 0, direction === 'in' ? INBOUND : OUTBOUND]))
          endOfOptions(w)
        }),
      )
    },
  }
}
