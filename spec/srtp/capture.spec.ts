/**
 * A session of Chromium and Firefox with audio and video, by its key log: every packet of both opens, and is the same to the
 * byte when it is protected again.
 */

import t from 'tap'
import { hex, Packet } from '../../lib/bytes/index.ts'
import { exportKeyingMaterial } from '../../lib/dtls/v13/key-schedule.ts'
import { isRtcp, RtpPacket } from '../../lib/rtp/index.ts'
import { keyingMaterialLength, SrtpReceiver, SrtpSender, splitKeyingMaterial } from '../../lib/srtp/index.ts'
import { fixtureBytes, fixtureText } from '../fixture.ts'
import { providers } from '../providers.ts'

const PROFILE = 'SRTP_AES128_CM_HMAC_SHA1_80'

/** Datagrams over UDP of a capture (libpcap, Ethernet) that are SRTP or SRTCP, by the port of their sender. */
const captured = (): { port: number; bytes: Uint8Array }[] => {
  const capture = fixtureBytes('captures/cr-ff-av.pcap')
  const view = new DataView(capture.buffer, capture.byteOffset, capture.byteLength)
  const datagrams: { port: number; bytes: Uint8Array }[] = []
  for (let at = 24; at + 16 <= capture.length; ) {
    const frame = capture.subarray(at + 16, at + 16 + view.getUint32(at + 8, true))
    const udp = 14 + 4 * (frame[14]! & 15)
    const bytes = frame.subarray(udp + 8)
    const isUdp = frame[12] === 8 && frame[13] === 0 && frame[23] === 17
    if (isUdp && bytes[0]! >= 128 && bytes[0]! <= 191)
      datagrams.push({ port: (frame[udp]! << 8) | frame[udp + 1]!, bytes })
    at += 16 + frame.length
  }
  return datagrams
}

const secret = (): Uint8Array => {
  const text = /^EXPORTER_SECRET \S+ (\S+)/m.exec(fixtureText('captures/cr-ff-av.keys'))![1]!
  return Uint8Array.from(text.match(/../g)!, pair => Number.parseInt(pair, 16))
}

for (const { name, crypto } of providers) {
  t.test(`${name}: 811 packets of two browsers`, t => {
    const length = keyingMaterialLength(PROFILE)
    const material = exportKeyingMaterial(crypto, 'sha-256', secret(), 'EXTRACTOR-dtls_srtp', length, undefined)
    const { client, server } = splitKeyingMaterial(PROFILE, material)
    const sides = [client, server].map(keys => ({
      receiver: new SrtpReceiver({ crypto, profile: PROFILE, keys }),
      sender: new SrtpSender({ crypto, profile: PROFILE, keys }),
    }))
    const packets = captured()
    t.equal(packets.length, 811)
    /** Whose port it is shows with the first packet: only one side's keys fit. */
    const owners = new Map<number, (typeof sides)[number]>()
    const parsed = new RtpPacket()
    let rtp = 0
    let rtcp = 0
    for (const { port, bytes } of packets) {
      const isReport = isRtcp(bytes)
      let opened: Uint8Array | undefined
      for (const side of owners.has(port) ? [owners.get(port)!] : sides) {
        const copy = bytes.slice()
        const end = isReport ? side.receiver.unprotectRtcp(copy) : side.receiver.unprotect(copy)
        if (end < 0) continue
        owners.set(port, side)
        opened = copy.subarray(0, end)
        break
      }
      if (opened === undefined) {
        t.fail(`a packet from port ${port}`)
        break
      }
      if (isReport) {
        rtcp++
        continue
      }
      rtp++
      if (!parsed.parse(opened)) t.fail('what was opened is RTP')
      const again = Packet.copy(opened)
      if (!owners.get(port)!.sender.protect(again) || hex(again.view()) !== hex(bytes)) t.fail('the same again')
    }
    t.same([...owners.values()].map(side => sides.indexOf(side)).sort(), [0, 1], 'one port each')
    t.same([rtp, rtcp], [659, 152])
    t.same(
      sides.map(({ receiver }) => receiver.counters.replayed),
      [0, 0],
    )
    t.end()
  })
}
