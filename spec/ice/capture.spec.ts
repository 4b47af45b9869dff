import t from 'tap'
import { IceAgent } from '../../lib/ice/index.ts'
import { Attribute, decodeStun, readUsername } from '../../lib/stun/index.ts'
import { fixtureBytes } from '../fixture.ts'
import { seededCrypto } from '../providers.ts'

/** The credentials of `captures/cr-ff-data.pcap`, as they stand in its descriptions. */
const CHROMIUM = { usernameFragment: '51y5', password: 'yE+5JlMEOpELimSgQmaYMpnz' }
const FIREFOX = { usernameFragment: 'f35553ff', password: '15b46aeed3783a6b189d0f1464b1599e' }

/** UDP over IPv4 of a capture (libpcap, Ethernet). */
const captured = () => {
  const capture = fixtureBytes('captures/cr-ff-data.pcap')
  const view = new DataView(capture.buffer, capture.byteOffset, capture.byteLength)
  const datagrams: { address: string; port: number; bytes: Uint8Array }[] = []
  for (let at = 24; at + 16 <= capture.length; ) {
    const frame = capture.subarray(at + 16, at + 16 + view.getUint32(at + 8, true))
    const udp = 14 + 4 * (frame[14]! & 15)
    if (frame[12] === 8 && frame[13] === 0 && frame[23] === 17)
      datagrams.push({
        address: frame.subarray(26, 30).join('.'),
        port: (frame[udp]! << 8) | frame[udp + 1]!,
        bytes: frame.subarray(udp + 8),
      })
    at += 16 + frame.length
  }
  return datagrams
}

for (const [name, local, remote, role] of [
  ['Chromium', FIREFOX, CHROMIUM, 'controlled'],
  ['Firefox', CHROMIUM, FIREFOX, 'controlling'],
] as const) {
  t.test(`captured checks of ${name} are accepted by an agent with the credentials of its peer`, t => {
    let answered = 0
    const agent = new IceAgent({
      crypto: seededCrypto(1),
      role,
      parameters: local,
      transmit: packet => {
        if (decodeStun(packet.view())?.kind === 'success') answered++
      },
    })
    agent.addHostCandidate({ socket: 1, address: '10.99.0.1', port: 9 }, 0)
    agent.setRemoteParameters(remote, 0)
    let checks = 0
    let nominations = 0
    for (const { address, port, bytes } of captured()) {
      const message = decodeStun(bytes)
      if (message?.kind !== 'request') continue
      if (!readUsername(message.find(Attribute.username)!)!.startsWith(`${local.usernameFragment}:`)) continue
      checks++
      if (message.has(Attribute.useCandidate)) nominations++
      agent.receive(bytes.slice(), 1, address, port, checks)
      t.ok(agent.admit(1, address, port, 100, checks))
    }
    t.ok(checks >= 2)
    t.equal(answered, checks)
    t.equal(agent.counters.requestsReceived, checks)
    t.equal(agent.counters.roleConflicts, 0)
    t.equal(nominations > 0, name === 'Chromium')
    t.ok(agent.pairs.every(({ remote }) => remote.type === 'prflx'))
    t.end()
  })
}
