/** The operations chain and the negotiation-needed flag (webrtc-pc, 4.4.1.2 and 4.7.3), step by step. */

import t from 'tap'
import { type NegotiationOwner, OperationsChain } from '../../lib/peer/operations.ts'

/** A chain whose connection is this object, with its tasks run by hand. */
const setUp = () => {
  const log: string[] = []
  const tasks: (() => void)[] = []
  const owner: { -readonly [K in keyof NegotiationOwner]: NegotiationOwner[K] } & { needed: boolean } = {
    closed: false,
    stable: true,
    needed: false,
    negotiationNeeded: () => owner.needed,
    queueTask: (task: () => void) => void tasks.push(task),
    fireNegotiationNeeded: () => void log.push('negotiationneeded'),
  }
  const runTasks = () => {
    for (const task of tasks.splice(0)) task()
  }
  return { log, owner, runTasks, chain: new OperationsChain(owner) }
}

const deferred = () => {
  let resolve = () => {}
  let reject = (_: unknown) => {}
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

const settled = () => new Promise(resolve => setImmediate(resolve))

t.test('the first operation runs at once, the others one after another', async t => {
  const { chain, log } = setUp()
  const gates = [deferred(), deferred(), deferred()]
  const results = gates.map((gate, i) =>
    chain.chain('test', () => {
      log.push(`run ${i}`)
      return gate.promise
    }),
  )
  results.forEach((result, i) => {
    result.then(
      () => log.push(`done ${i}`),
      () => log.push(`failed ${i}`),
    )
  })
  t.strictSame(log, ['run 0'])
  gates[1]!.resolve()
  await settled()
  t.strictSame(log, ['run 0'], 'also when a later one would be ready')
  gates[0]!.reject(new Error('no'))
  await settled()
  t.strictSame(log, ['run 0', 'run 1', 'failed 0', 'run 2', 'done 1'], 'the next begins before the reactions')
  gates[2]!.resolve()
  await settled()
  t.equal(log.at(-1), 'done 2')
})

t.test('a closed connection refuses operations, and leaves those under way unsettled', async t => {
  const { chain, log, owner } = setUp()
  const gate = deferred()
  const pending = chain.chain('test', () => gate.promise)
  const waiting = chain.chain('test', async () => void log.push('run'))
  for (const promise of [pending, waiting])
    promise.then(
      () => log.push('settled'),
      () => log.push('settled'),
    )
  owner.closed = true
  gate.resolve()
  await settled()
  t.strictSame(log, [])
  await t.rejects(
    chain.chain('test', async () => {}),
    { name: 'InvalidStateError' },
  )
})

t.test('negotiationneeded comes once, in a task, while the flag stays set', t => {
  const { chain, log, owner, runTasks } = setUp()
  owner.needed = true
  chain.updateNegotiationNeeded()
  chain.updateNegotiationNeeded()
  t.strictSame(log, [])
  runTasks()
  t.strictSame(log, ['negotiationneeded'])
  chain.updateNegotiationNeeded()
  runTasks()
  t.strictSame(log, ['negotiationneeded'])
  chain.clearNegotiationNeeded()
  chain.updateNegotiationNeeded()
  runTasks()
  t.strictSame(log, ['negotiationneeded', 'negotiationneeded'])
  t.end()
})

t.test('it does not come when nothing is needed, outside of stable, or after close', t => {
  for (const change of [{ needed: false }, { stable: false }, { closed: true }]) {
    const { chain, log, owner, runTasks } = setUp()
    owner.needed = true
    chain.updateNegotiationNeeded()
    Object.assign(owner, change)
    runTasks()
    t.strictSame(log, [])
  }
  t.end()
})

t.test('it waits for the chain to become empty', async t => {
  const { chain, log, owner, runTasks } = setUp()
  owner.needed = true
  const gate = deferred()
  const done = chain.chain('test', () => gate.promise)
  chain.updateNegotiationNeeded()
  runTasks()
  t.strictSame(log, [])
  gate.resolve()
  await done
  await settled()
  runTasks()
  t.strictSame(log, ['negotiationneeded'])
})

t.test('an operation that begins before the task holds it up again', async t => {
  const { chain, log, owner, runTasks } = setUp()
  owner.needed = true
  chain.updateNegotiationNeeded()
  const gate = deferred()
  const done = chain.chain('test', () => gate.promise)
  runTasks()
  t.strictSame(log, [])
  owner.needed = false
  gate.resolve()
  await done
  await settled()
  runTasks()
  t.strictSame(log, [], 'and what it negotiated is needed no more')
})
