/** A process that protects packets and opens them again, for so long, and tells how many a second of CPU it did. */

import type { SrtpCase } from './cases.ts'
import type { SrtpSpeed } from './measure.ts'
import { BATCH, type Protector } from './protector.ts'
import { createPurertc } from './purertc.ts'

const WARM_UP = 40

const create = async ({ profile, way }: SrtpCase): Promise<Protector> => {
  if (way !== 'werift') return createPurertc(profile, way === 'purertc')
  const { createWerift } = await import('./werift.ts')
  return createWerift(profile)
}

/** Microseconds of CPU, all threads. */
const timed = (work: () => void): number => {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

async function measure(which: SrtpCase, milliseconds: number): Promise<SrtpSpeed> {
  const protector = await create(which)
  let [batches, sealing, opening] = [-WARM_UP, 0, 0]
  while (batches < 0 || sealing + opening < 1000 * milliseconds) {
    protector.prepare()
    const sealed = timed(() => protector.protect())
    protector.turn()
    const opened = timed(() => {
      if (protector.unprotect() > 0) throw new Error('what was protected does not open')
    })
    if (batches++ < 0) continue
    sealing += sealed
    opening += opened
  }
  return { protect: (1e6 * BATCH * batches) / sealing, unprotect: (1e6 * BATCH * batches) / opening }
}

process.once('message', ({ which, milliseconds }: { which: SrtpCase; milliseconds: number }) => {
  measure(which, milliseconds).then(
    speed => process.send?.({ speed }, () => process.exit()),
    error => process.send?.({ failure: error instanceof Error ? error.message : String(error) }, () => process.exit()),
  )
})
process.on('disconnect', () => process.exit())
