/**
 * The contract alone: a machine that beats three times, a second apart. It has no timer and reads no clock; a driver ties
 * it to a host, here a simulated one, so that three seconds pass in no time. With `host` of `purertc/net` it would beat
 * in real time.
 */

import { Driver, EventQueue, type FlushingMachine, Timer } from 'purertc/machine'
import { Simulation } from 'purertc/sim'

class Metronome implements FlushingMachine {
  readonly #events = new EventQueue<{ readonly beat: number; readonly at: number }>()
  readonly #timer = new Timer()
  #beats = 0

  start(now: number): void {
    this.#timer.set(now + 1000)
  }

  get deadline(): number {
    return this.#timer.at
  }

  advance(now: number): void {
    if (!this.#timer.expire(now)) return
    this.#events.push({ beat: ++this.#beats, at: now })
    if (this.#beats < 3) this.#timer.set(now + 1000)
  }

  flush(): void {}

  nextEvent() {
    return this.#events.next()
  }
}

const sim = new Simulation({ seed: 1 })
const host = sim.createHost({ addresses: ['10.0.0.1'] })
const metronome = new Metronome()
const driver = new Driver(host, metronome, () => {
  for (let event = metronome.nextEvent(); event !== undefined; event = metronome.nextEvent()) {
    console.log(`beat ${event.beat} at ${event.at} ms`)
  }
})
metronome.start(host.now())
driver.touch()
await sim.run(3500)
driver.stop()
