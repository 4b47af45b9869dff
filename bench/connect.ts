/**
 * The time to connect: from the moment at which one end begins to make its offer until the channel is open on both
 * sides, once as fast as the machine goes and once over a network with a round trip of 50 ms, where the time is counted
 * in round trips. Signalling takes no time of its own in either, so what is counted is what the stack itself needs.
 */

import { DelayedNetwork } from './delay.ts'
import { Milestones, type Stages } from './milestones.ts'
import { type Ends, withWorkers } from './round.ts'
import type { StackName } from './stacks/index.ts'

/** In milliseconds. */
export const ROUND_TRIP = 50

export interface TimeToConnect {
  /** Milliseconds of each connection, after the first of the process. */
  readonly loopback: readonly number[]
  readonly delayed: readonly Stages[]
}

/** One connection; the times at which it began and was open, by `monotonic`. */
async function connect({ sender, receiver }: Ends, connection: number) {
  const opened = Promise.all([sender.next('connected'), receiver.next('connected')])
  // Whatever goes wrong is thrown where that is waited for.
  opened.catch(() => {})
  const listening = receiver.next('listening')
  receiver.tell({ type: 'connect', connection })
  await listening
  sender.tell({ type: 'connect', connection })
  const ends = await opened
  return { began: ends[0].began, open: Math.max(...ends.map(({ open }) => open)) }
}

async function end({ sender, receiver }: Ends, connection: number): Promise<void> {
  for (const worker of [sender, receiver]) {
    const closed = worker.next('closed')
    worker.tell({ type: 'close', connection })
    await closed
  }
}

const overLoopback = (stack: StackName, connections: number): Promise<number[]> =>
  withWorkers(stack, { kind: 'connect' }, async ends => {
    const times: number[] = []
    for (let i = 0; i <= connections; i++) {
      const { began, open } = await connect(ends, i)
      if (i > 0) times.push(open - began)
      await end(ends, i)
    }
    return times
  })

const overDelay = (stack: StackName, connections: number): Promise<Stages[]> =>
  withWorkers(stack, { kind: 'connect' }, async ends => {
    const { sender, receiver } = ends
    const stages: Stages[] = []
    for (let i = 0; i <= connections; i++) {
      const milestones = new Milestones()
      const network = new DelayedNetwork(ROUND_TRIP / 2, (bytes, now) => milestones.observe(bytes, now))
      for (const [from, to] of [
        [sender, receiver],
        [receiver, sender],
      ] as const) {
        // One after another: that a socket has to be made must not change their order.
        let last = Promise.resolve()
        from.onSignal = report => {
          last = last.then(async () => {
            const signal = await network.translate(report.signal)
            if (signal !== undefined && report.connection === i) to.tell({ ...report, signal })
          })
        }
      }
      try {
        const { began, open } = await connect(ends, i)
        if (i > 0) stages.push(milestones.stages(began, open))
        await end(ends, i)
      } finally {
        await network.close()
      }
    }
    return stages
  })

/** Opens that many connections of each kind, and one before them that is not counted: the first of a process is a cold start. */
export async function measureConnect(stack: StackName, connections: number): Promise<TimeToConnect> {
  return { loopback: await overLoopback(stack, connections), delayed: await overDelay(stack, connections) }
}
