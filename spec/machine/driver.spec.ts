/** The driver keeps a machine's deadline, flushes once a turn, and drains events without re-entering. */

import t from 'tap'
import { Driver, EventQueue, type FlushingMachine } from '../../lib/machine/index.ts'
import { type SimulatedHost, Simulation } from '../../lib/sim/index.ts'

interface Event {
  readonly name: string
}

class Recorder implements FlushingMachine {
  deadline = Number.POSITIVE_INFINITY
  readonly log: string[] = []
  readonly events = new EventQueue<Event>()

  advance(now: number): void {
    this.log.push(`advance ${now}`)
    if (now >= this.deadline) this.deadline = Number.POSITIVE_INFINITY
  }

  flush(now: number): void {
    this.log.push(`flush ${now}`)
  }
}

const setUp = (take: (event: Event, driver: Driver, machine: Recorder) => void = () => {}) => {
  const sim = new Simulation({ seed: 1 })
  const host: SimulatedHost = sim.createHost({ addresses: [] })
  const machine = new Recorder()
  const driver: Driver = new Driver(host, machine, () => {
    for (let event = machine.events.next(); event !== undefined; event = machine.events.next()) {
      machine.log.push(`event ${event.name}`)
      take(event, driver, machine)
    }
  })
  return { sim, machine, driver }
}

t.test('many inputs in one turn are flushed once, at its end', async t => {
  const { sim, machine, driver } = setUp()
  machine.events.push({ name: 'one' })
  driver.touch()
  driver.touch()
  machine.events.push({ name: 'two' })
  driver.touch()
  t.same(machine.log, ['event one', 'event two'])
  await sim.elapse(0)
  t.same(machine.log.slice(2), ['flush 0'])
  driver.touch()
  await sim.elapse(0)
  t.same(machine.log.slice(3), ['flush 0'])
})

t.test('advance comes at the deadline, also when it was moved sooner or later', async t => {
  const { sim, machine, driver } = setUp()
  machine.deadline = 100
  driver.touch()
  machine.deadline = 50
  driver.touch()
  await sim.run(49)
  t.same(machine.log, ['flush 0'])
  await sim.run(50)
  t.same(machine.log.splice(0), ['flush 0', 'advance 50', 'flush 50'])
  machine.deadline = 70
  driver.touch()
  machine.deadline = 90
  driver.touch()
  await sim.run(200)
  // The timer set for 70 goes off for nothing and is set again.
  t.same(machine.log, ['flush 50', 'advance 70', 'flush 70', 'advance 90', 'flush 90'])
})

t.test('what an event puts into the machine is drained when its turn comes', async t => {
  const { sim, machine, driver } = setUp((event, driver, machine) => {
    if (event.name !== 'outer') return
    machine.events.push({ name: 'inner' })
    machine.deadline = 10
    driver.touch()
    machine.log.push('outer ends')
  })
  machine.events.push({ name: 'outer' })
  driver.touch()
  t.same(machine.log.splice(0), ['event outer', 'outer ends', 'event inner'])
  await sim.run(10)
  t.same(machine.log, ['flush 0', 'advance 10', 'flush 10'])
})

t.test('after stop the machine is left alone, also when an event stops it', async t => {
  const { sim, machine, driver } = setUp((_event, driver) => driver.stop())
  machine.deadline = 10
  driver.touch()
  machine.events.push({ name: 'stop' })
  driver.touch()
  driver.touch()
  await sim.run(100)
  t.same(machine.log, ['event stop'])
  t.equal(sim.pending, 0)
})
