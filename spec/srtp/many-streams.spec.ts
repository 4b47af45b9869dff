/** Contexts by SSRC, bounded (RFC 3711, 3.2.3): what has been quiet longest gives way, and what is forged never counts. */

import t from 'tap'
import { createReceiver, createSender, opened, PROFILES, rtcp, rtp, sealed } from './streams.ts'

for (const profile of PROFILES) {
  t.test(`${profile}: streams do not get in each other’s way`, t => {
    const sender = createSender(profile)
    const receiver = createReceiver(profile)
    for (let round = 0; round < 20; round++) {
      for (let ssrc = 1; ssrc <= 20; ssrc++) {
        const index = 1000 * ssrc + round * 3000
        if (opened(receiver, sealed(sender, rtp(index, ssrc))!) === undefined) t.fail(`${ssrc}: ${index}`)
      }
    }
    t.equal(receiver.counters.forgotten, 0)
    t.end()
  })

  t.test(`${profile}: a sender opens no stream beyond its bound, and closes none`, t => {
    const sender = createSender(profile, { mostStreams: 3 })
    for (const ssrc of [1, 2, 3]) t.ok(sealed(sender, rtp(1, ssrc)))
    t.equal(sealed(sender, rtp(1, 4)), undefined)
    t.equal(sender.counters.refusedStreams, 1)
    for (const ssrc of [1, 2, 3]) t.ok(sealed(sender, rtp(2, ssrc)))
    t.equal(sealed(sender, rtp(2, 1)), undefined, 'and knows what it has sent')
    t.end()
  })

  t.test(`${profile}: of a receiver's streams the quietest gives way`, t => {
    const sender = createSender(profile)
    const receiver = createReceiver(profile, { mostStreams: 3 })
    const first = [1, 2, 3].map(ssrc => sealed(sender, rtp(1, ssrc))!)
    for (const bytes of first) t.ok(opened(receiver, bytes))
    t.ok(opened(receiver, sealed(sender, rtp(2, 1))!), 'the oldest is heard of again')
    t.ok(opened(receiver, sealed(sender, rtcp(3), true)!, true), 'and another by its reports')
    t.ok(opened(receiver, sealed(sender, rtp(1, 4))!))
    t.equal(receiver.counters.forgotten, 1)
    t.equal(opened(receiver, first[0]!), undefined)
    t.equal(opened(receiver, first[2]!), undefined, 'these two are known still')
    t.equal(receiver.counters.replayed, 2)
    t.ok(opened(receiver, sealed(sender, rtp(2, 2))!), 'the one that gave way begins again')
    t.equal(receiver.counters.forgotten, 2)
    t.end()
  })

  t.test(`${profile}: 5,000 forged streams push none out`, t => {
    const sender = createSender(profile)
    const receiver = createReceiver(profile, { mostStreams: 2 })
    t.ok(opened(receiver, sealed(sender, rtp(0xfff0, 1))!))
    t.ok(opened(receiver, sealed(sender, rtp(0x1_0010, 1))!))
    const forged = sealed(sender, rtp(5, 99))!
    forged[forged.length - 1]! ^= 1
    const view = new DataView(forged.buffer)
    for (let ssrc = 1000; ssrc < 6000; ssrc++) {
      view.setUint32(8, ssrc)
      if (receiver.unprotect(forged) !== -1) t.fail('a forged one')
    }
    t.equal(receiver.counters.forged, 5000)
    t.equal(receiver.counters.forgotten, 0)
    t.ok(opened(receiver, sealed(sender, rtp(0x1_0011, 1))!), 'its roll-over counter is known still')
    t.end()
  })
}
