/** In place, and nothing is kept: 100,000 packets each way leave the heap as it was. */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { Packet } from '../../lib/bytes/index.ts'
import { nodeCrypto } from '../providers.ts'
import { createReceiver, createSender, PROFILES, rtcp, rtp } from './streams.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes in use, garbage apart. */
const inUse = (): number => {
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const LENGTH = 300
const PACKETS = 100_000
/** Bytes: what V8 itself puts aside for code and its feedback, not what a packet could take a hundred thousand times. */
const MOST = 400_000

for (const profile of PROFILES) {
  t.test(`${profile}: ${PACKETS} packets of RTP, with RTCP between them`, t => {
    const crypto = nodeCrypto
    const sender = createSender(profile, { crypto })
    const receiver = createReceiver(profile, { crypto })
    const packet = Packet.copy(rtp(0, 7, LENGTH - 12))
    const report = Packet.copy(rtcp(7, 20))
    const { bytes, start, end } = packet
    const reportEnd = report.end
    let wrong = 0
    let index = 0
    const run = (until: number): void => {
      for (; index < until; index++) {
        bytes[start + 2] = index >> 8
        bytes[start + 3] = index
        packet.end = end
        if (!sender.protect(packet)) wrong++
        if (receiver.unprotect(bytes.subarray(start, packet.end)) !== LENGTH) wrong++
        if (index % 100 !== 0) continue
        report.end = reportEnd
        if (!sender.protectRtcp(report) || receiver.unprotectRtcp(report.view()) < 0) wrong++
      }
    }
    run(10_000)
    const before = inUse()
    run(10_000 + PACKETS)
    const growth = inUse() - before
    t.equal(wrong, 0)
    t.ok(growth < MOST, `${growth} bytes more`)
    t.end()
  })
}
