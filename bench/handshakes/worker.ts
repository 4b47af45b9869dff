/** A process that shakes hands with itself, over and over, and tells what that took. */

import { setImmediate } from 'node:timers/promises'
import type { HandshakeCase } from './cases.ts'
import type { HandshakeCosts, HandshakeCounts } from './measure.ts'
import { createNodeTlsShaker } from './node-tls.ts'
import { createPurertcShaker } from './purertc.ts'
import type { Shaker, Side } from './shaker.ts'
import { createWeriftShaker } from './werift.ts'

const create = (handshakes: HandshakeCase): Promise<Shaker> => {
  if (handshakes.way === 'purertc') return createPurertcShaker(handshakes)
  if (handshakes.way === 'werift') return createWeriftShaker()
  return createNodeTlsShaker(handshakes)
}

/** What each of that many handshakes took, in milliseconds; each has a turn of the event loop to itself. */
async function shakeOften(shaker: Shaker, count: number) {
  const cpu = process.cpuUsage()
  const began = performance.now()
  for (let i = 0; i < count; i++) {
    await shaker.shake()
    await setImmediate()
  }
  const { user, system } = process.cpuUsage(cpu)
  return { cpu: (user + system) / 1000 / count, elapsed: (performance.now() - began) / count }
}

const sidesWithoutKey = async (shaker: Shaker): Promise<Side[]> => {
  const passing: Side[] = []
  for (const side of ['client', 'server'] as const) if (await shaker.passesWithoutKey?.(side)) passing.push(side)
  return passing
}

async function measure(handshakes: HandshakeCase, counts: HandshakeCounts): Promise<HandshakeCosts> {
  const shaker = await create(handshakes)
  const first = await shakeOften(shaker, 1)
  await shakeOften(shaker, counts.warmUp)
  const { cpu, elapsed } = await shakeOften(shaker, counts.measured)
  const { agreed } = shaker
  return {
    cpu,
    perSecond: 1000 / elapsed,
    firstCpu: first.cpu,
    firstTime: first.elapsed,
    agreed,
    ...(shaker.passesWithoutKey && { passWithoutKey: await sidesWithoutKey(shaker) }),
  }
}

process.once('message', ({ handshakes, counts }: { handshakes: HandshakeCase; counts: HandshakeCounts }) => {
  measure(handshakes, counts).then(
    costs => process.send?.({ costs }, () => process.exit()),
    error => process.send?.({ failure: error instanceof Error ? error.message : String(error) }, () => process.exit()),
  )
})
process.on('disconnect', () => process.exit())
