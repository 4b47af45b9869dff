/** Whose a packet is (RFC 9143, 9.2): by its MID, else by its SSRC, else by its payload type. */

import t from 'tap'
import { PacketPool } from '../../lib/bytes/index.ts'
import { ExtensionWriter, putMid, RtpPacket, writeRtpHeader } from '../../lib/rtp/index.ts'
import { RtpRouter } from '../../lib/session/rtp-router.ts'

const MID = 4

interface Sent {
  readonly mid?: string
  readonly ssrc?: number
  readonly payloadType?: number
  readonly id?: number
  readonly twoByte?: boolean
}

const packet = ({ mid, ssrc = 99, payloadType = 96, id = MID, twoByte = false }: Sent): RtpPacket => {
  const extensions = new ExtensionWriter()
  extensions.twoByte = twoByte
  if (mid !== undefined) putMid(extensions, id, mid)
  const written = new PacketPool().take()
  writeRtpHeader(written, { ssrc, payloadType, marker: false, sequenceNumber: 1, timestamp: 0 }, extensions)
  const parsed = new RtpPacket()
  t.ok(parsed.parse(written.view()))
  return parsed
}

const routes = [
  { target: 'audio', mid: 'a', payloadTypes: [111, 0], ssrcs: [1] },
  { target: 'camera', mid: 'v1', payloadTypes: [96, 97], ssrcs: [2, 3] },
  { target: 'screen', mid: 'v2', payloadTypes: [96, 97, 98], ssrcs: [4] },
]

const router = (midExtension = MID): RtpRouter<string> => {
  const made = new RtpRouter<string>()
  made.configure(routes, midExtension)
  return made
}

t.test('the MID decides, whatever else is said', t => {
  t.equal(router().find(packet({ mid: 'v2', ssrc: 2, payloadType: 111 })), 'screen')
  t.equal(router().find(packet({ mid: 'v2', ssrc: 2, payloadType: 111, twoByte: true })), 'screen')
  for (const mid of ['v3', 'v', 'v22', 'V1']) {
    t.equal(router().find(packet({ mid, ssrc: 2 })), undefined, 'one that is not known yet is nobody’s')
  }
  t.equal(router().find(packet({ mid: 'x'.repeat(200), ssrc: 2, twoByte: true })), undefined)
  t.end()
})

t.test('without one, the SSRC that a description names', t => {
  t.equal(router().find(packet({ ssrc: 3 })), 'camera')
  t.equal(router().find(packet({ ssrc: 4, payloadType: 111 })), 'screen', 'rather than the payload type')
  t.equal(router().find(packet({ ssrc: 4, mid: 'a', id: 5 })), 'screen', 'another extension is no MID')
  t.equal(router(0).find(packet({ ssrc: 4, mid: 'a' })), 'screen', 'nor is one that was not agreed on')
  t.end()
})

t.test('else the payload type, where one m-section alone has it', t => {
  t.equal(router().find(packet({ payloadType: 111 })), 'audio')
  t.equal(router().find(packet({ payloadType: 98 })), 'screen')
  t.equal(router().find(packet({ payloadType: 96 })), undefined)
  t.equal(router().find(packet({ payloadType: 100 })), undefined)
  const twice = new RtpRouter<string>()
  twice.configure([{ target: 'audio', mid: 'a', payloadTypes: [0, 0], ssrcs: [] }], 0)
  t.equal(twice.find(packet({ payloadType: 0 })), 'audio')
  t.end()
})

t.test('what a description has settled holds until the next', t => {
  const changed = router()
  changed.configure(routes.slice(0, 2), MID)
  t.equal(changed.find(packet({ mid: 'v2' })), undefined)
  t.equal(changed.find(packet({ ssrc: 4 })), 'camera', 'the only one that has the payload type now')
  changed.configure([], 0)
  t.equal(changed.find(packet({ ssrc: 1, payloadType: 111 })), undefined)
  t.end()
})
