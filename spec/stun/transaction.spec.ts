import t from 'tap'
import { ClientTransaction, type RetransmissionTiming } from '../../lib/stun/index.ts'

/** When a request is sent if nobody answers, and when hope is lost. */
const unanswered = (timing?: RetransmissionTiming) => {
  const sentAt: number[] = []
  const transaction = new ClientTransaction(Uint8Array.of(1), (_, now) => sentAt.push(now), 1000, timing)
  let end = 0
  while (transaction.state === 'running') {
    end = transaction.deadline
    transaction.advance(end - 1)
    transaction.advance(end)
  }
  return { sentAt: sentAt.map(at => at - 1000), end: end - 1000, transaction }
}

t.test('a request is sent at 0, 500, 1500, ... ms and given up at 39.5 s (RFC 8489, 6.2.1)', t => {
  const { sentAt, end, transaction } = unanswered()
  t.same(sentAt, [0, 500, 1500, 3500, 7500, 15500, 31500])
  t.equal(end, 39500)
  t.equal(transaction.state, 'timed-out')
  t.equal(transaction.deadline, Number.POSITIVE_INFINITY)
  t.end()
})

t.test('RTO, Rc and Rm are the caller’s', t => {
  const { sentAt, end } = unanswered({ initialTimeout: 100, requests: 3, lastWait: 4 })
  t.same([sentAt, end], [[0, 100, 300], 700])
  t.same(unanswered({ initialTimeout: 100, requests: 1, lastWait: 1 }).sentAt, [0])
  t.end()
})

t.test('an answer ends it', t => {
  let sent = 0
  const transaction = new ClientTransaction(Uint8Array.of(1), () => sent++, 0)
  transaction.complete()
  transaction.advance(100_000)
  t.same([transaction.state, sent, transaction.deadline], ['completed', 1, Number.POSITIVE_INFINITY])
  t.end()
})

t.test('a cancelled one is sent no more, but waits on for its answer', t => {
  const sentAt: number[] = []
  const transaction = new ClientTransaction(Uint8Array.of(1), (_, now) => sentAt.push(now), 0)
  transaction.advance(500)
  transaction.stopRetransmitting(600)
  transaction.advance(8599)
  t.same([sentAt, transaction.state], [[0, 500], 'running'])
  transaction.advance(8600)
  t.equal(transaction.state, 'timed-out')
  t.end()
})

t.test('a driver that comes late causes no burst', t => {
  const sentAt: number[] = []
  const transaction = new ClientTransaction(Uint8Array.of(1), (_, now) => sentAt.push(now), 0)
  transaction.advance(20_000)
  t.same(sentAt, [0, 20_000])
  t.end()
})
