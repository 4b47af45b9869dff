/** Virtual time: events in order of time and of entry, promises settled in between, and a run that ends as asked. */

import t from 'tap'
import { Simulation, seededRandom } from '../../lib/sim/index.ts'

const create = () => {
  const sim = new Simulation({ seed: 1 })
  return { sim, host: sim.createHost({ addresses: ['10.0.0.1'] }) }
}

t.test('timers and tasks run in order of time, then of entry', async t => {
  const { sim, host } = create()
  const log: string[] = []
  host.schedule(20, now => log.push(`third ${now}`))
  host.schedule(10, now => {
    log.push(`first ${now}`)
    host.queueTask(() => log.push(`task ${host.now()}`))
    host.schedule(5, late => log.push(`overdue ${late}`))
  })
  host.schedule(10, now => log.push(`second ${now}`))
  host.schedule(15, () => log.push('never')).cancel()
  await sim.run(20)
  t.same(log, ['first 10', 'second 10', 'task 10', 'overdue 10', 'third 20'])
  t.equal(sim.now(), 20)
  t.equal(sim.pending, 0)
})

t.test('between two events every promise settles, however long the chain', async t => {
  const { sim, host } = create()
  const log: string[] = []
  const chain = async (depth: number): Promise<void> => {
    if (depth > 0) await chain(depth - 1)
    else await undefined
  }
  host.schedule(1, async () => {
    for (let i = 0; i < 50; i++) await chain(10)
    log.push(`settled at ${host.now()}`)
  })
  host.schedule(1.001, () => log.push('next event'))
  await sim.run(2)
  t.same(log, ['settled at 1', 'next event'])
})

t.test('a run ends at the event that makes its condition true', async t => {
  const { sim, host } = create()
  let count = 0
  const tick = (): void => {
    count++
    host.schedule(host.now() + 10, tick)
  }
  tick()
  await sim.run(() => count === 5)
  t.equal(sim.now(), 40)
  await sim.run(() => true)
  t.equal(count, 5)
  t.equal(await sim.run(new Promise(resolve => host.schedule(75, now => resolve(now)))), 75)
  await t.rejects(
    sim.run(() => false, { limit: 1_000 }),
    { code: 'limit' },
  )
})

t.test('a run that can never end says so', async t => {
  const { sim, host } = create()
  host.schedule(5, () => {})
  await t.rejects(
    sim.run(() => false),
    { code: 'stalled' },
  )
  t.equal(sim.now(), 5)
})

t.test('what a task throws ends the run; another can follow', async t => {
  const { sim, host } = create()
  host.schedule(5, () => {
    throw new Error('in a task')
  })
  await t.rejects(sim.run(10), { message: 'in a task' })
  const running = sim.run(20)
  await t.rejects(sim.run(20), { code: 'running' })
  await running
  await sim.run(30)
  t.equal(sim.now(), 30)
})

t.test('a timer moved a hundred thousand times fires once, and no other is left', async t => {
  const { sim, host } = create()
  let fired = 0
  let timer = host.schedule(1e6, () => fired++)
  for (let i = 0; i < 100_000; i++) {
    timer.cancel()
    timer.cancel()
    timer = host.schedule(1e6 - i, () => fired++)
    host.schedule(i, () => {}).cancel()
  }
  t.equal(sim.pending, 1)
  await sim.run(2e6)
  t.equal(fired, 1)
})

t.test('seeded randomness is the same for a seed, whatever the pieces, and evenly spread', t => {
  const whole = seededRandom(99).fill(new Uint8Array(64))
  const source = seededRandom(99)
  const pieces = [source.fill(new Uint8Array(16)), source.fill(new Uint8Array(48))]
  t.same([...pieces[0]!, ...pieces[1]!], [...whole])
  t.notSame([...seededRandom(100).fill(new Uint8Array(64))], [...whole])
  const counts = new Array<number>(256).fill(0)
  for (const byte of seededRandom(7).fill(new Uint8Array(1 << 18))) counts[byte]!++
  // 1,024 of each are expected, with a standard deviation of 32.
  t.ok(counts.every(count => Math.abs(count - 1024) < 160))
  let sum = 0
  for (let i = 0; i < 10_000; i++) sum += source.unit()
  t.ok(Math.abs(sum / 10_000 - 0.5) < 0.02)
  t.end()
})
