/** The event queue keeps order, timers expire once, randomness is spread over its range. */

import fc from 'fast-check'
import t from 'tap'
import { EventQueue, type Random, randomBytes, randomU32, randomUnit, Timer } from '../../lib/machine/index.ts'

t.test('events come out in the order in which they went in, also those put in while draining', t => {
  const queue = new EventQueue<{ n: number }>()
  t.equal(queue.next(), undefined)
  queue.push({ n: 1 })
  queue.push({ n: 2 })
  const seen: number[] = []
  for (let event = queue.next(); event; event = queue.next()) {
    seen.push(event.n)
    if (event.n < 3) queue.push({ n: event.n + 2 })
  }
  t.same(seen, [1, 2, 3, 4])
  t.equal(queue.length, 0)
  fc.assert(
    fc.property(fc.array(fc.boolean()), steps => {
      const queue = new EventQueue<{ n: number }>()
      const model: number[] = []
      steps.forEach((put, n) => {
        if (put) {
          queue.push({ n })
          model.push(n)
        } else if (queue.next()?.n !== model.shift()) throw new Error('out of order')
      })
      return queue.length === model.length
    }),
  )
  t.end()
})

t.test('a timer expires at its time, once', t => {
  const timer = new Timer()
  t.notOk(timer.running)
  t.notOk(timer.expire(1e12))
  timer.set(10)
  t.ok(timer.running)
  t.equal(timer.at, 10)
  t.notOk(timer.expire(9.99))
  t.ok(timer.expire(10))
  t.notOk(timer.expire(11))
  timer.set(20)
  timer.stop()
  t.notOk(timer.expire(30))
  t.equal(timer.at, Number.POSITIVE_INFINITY)
  t.end()
})

t.test('random numbers cover their range and not more', t => {
  const constant = (byte: number): Random => ({ fill: target => target.fill(byte) as typeof target })
  t.equal(randomU32(constant(0)), 0)
  t.equal(randomU32(constant(0xff)), 0xffff_ffff)
  t.equal(randomUnit(constant(0)), 0)
  t.ok(randomUnit(constant(0xff)) < 1)
  t.same([...randomBytes(constant(7), 3)], [7, 7, 7])
  t.end()
})
