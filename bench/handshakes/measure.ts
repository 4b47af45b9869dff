/** One measurement of handshakes: a fresh process that has both ends in it, and what it says they cost. */

import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { type HandshakeCase, PYTHON } from './cases.ts'
import type { Side } from './shaker.ts'

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url))
const PROGRAM = 'bench/programs/openssl-handshakes.py'
/** Longest that a process may take, in milliseconds. */
const PATIENCE = 120_000

/** Handshakes that are not measured, then those that are. A thousand go by until all is compiled as it stays. */
export interface HandshakeCounts {
  readonly warmUp: number
  readonly measured: number
}

export interface HandshakeCosts {
  /** Milliseconds of CPU, user and system and all threads, for both ends together. */
  readonly cpu: number
  /** By the clock, one after another. */
  readonly perSecond: number
  /** Milliseconds of CPU and by the clock for the first of the process, the certificates made before. */
  readonly firstCpu: number
  readonly firstTime: number
  /** Milliseconds of `cpu` that are the library's own, where it is called from another language. */
  readonly libraryCpu?: number
  /** Version, group and suite. */
  readonly agreed: string
  /** The sides that get through without their certificate's key; absent where that was not tried. */
  readonly passWithoutKey?: readonly Side[]
}

type Answer = { readonly costs: HandshakeCosts } | { readonly failure: string }

async function inNode(
  handshakes: HandshakeCase,
  counts: HandshakeCounts,
  signal: AbortSignal,
): Promise<HandshakeCosts> {
  // What a library prints is not part of the table.
  const child = fork(WORKER, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], signal, killSignal: 'SIGKILL' })
  const ended = once(child, 'exit').then(([code, by]) => {
    throw new Error(`the process ended: ${by ?? `exit code ${code}`}`)
  })
  child.send({ handshakes, counts })
  const [answer] = (await Promise.race([once(child, 'message'), ended])) as [Answer]
  ended.catch(() => {})
  if ('failure' in answer) throw new Error(answer.failure)
  return answer.costs
}

async function inPython(
  { group }: HandshakeCase,
  counts: HandshakeCounts,
  signal: AbortSignal,
): Promise<HandshakeCosts> {
  const child = spawn(PYTHON, [PROGRAM, group, String(counts.warmUp), String(counts.measured)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
  })
  const ended = once(child, 'exit')
  const [output, complaint, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  if (code !== 0) throw new Error(complaint.trim().split('\n').at(-1) ?? `exit code ${code}`)
  return JSON.parse(output) as HandshakeCosts
}

/** Rejects when a handshake fails, and when the process takes longer than any should. */
export async function measureHandshakes(handshakes: HandshakeCase, counts: HandshakeCounts): Promise<HandshakeCosts> {
  const signal = AbortSignal.timeout(PATIENCE)
  const measured = handshakes.way === 'openssl' ? inPython : inNode
  return measured(handshakes, counts, signal).catch(error => {
    throw signal.aborted ? new Error(`not done within ${PATIENCE / 1000} s`) : error
  })
}
