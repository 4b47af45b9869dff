/** One measurement of SRTP: a fresh process that protects packets of 1,200 bytes and opens them again. */

import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { libsrtpProgram, type SrtpCase } from './cases.ts'

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url))
/** Longest that a process may take, in milliseconds. */
const PATIENCE = 60_000

export interface SrtpSpeed {
  /** Packets for each second of CPU. */
  readonly protect: number
  readonly unprotect: number
}

type Answer = { readonly speed: SrtpSpeed } | { readonly failure: string }

async function inNode(which: SrtpCase, milliseconds: number, signal: AbortSignal): Promise<SrtpSpeed> {
  const child = fork(WORKER, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], signal, killSignal: 'SIGKILL' })
  const ended = once(child, 'exit').then(([code, by]) => {
    throw new Error(`the process ended: ${by ?? `exit code ${code}`}`)
  })
  child.send({ which, milliseconds })
  const [answer] = (await Promise.race([once(child, 'message'), ended])) as [Answer]
  ended.catch(() => {})
  if ('failure' in answer) throw new Error(answer.failure)
  return answer.speed
}

async function inC({ profile }: SrtpCase, milliseconds: number, signal: AbortSignal): Promise<SrtpSpeed> {
  const program = libsrtpProgram()
  if (program === undefined) throw new Error('there is no program')
  const child = spawn(program, [profile, String(milliseconds)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
  })
  const [output, complaint, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  if (code !== 0) throw new Error(complaint.trim() || `exit code ${code}`)
  return JSON.parse(output) as SrtpSpeed
}

/** Rejects when a packet does not open, and when the process takes longer than any should. */
export async function measureSrtp(which: SrtpCase, milliseconds: number): Promise<SrtpSpeed> {
  const signal = AbortSignal.timeout(PATIENCE)
  const measured = which.way === 'libsrtp' ? inC : inNode
  return measured(which, milliseconds, signal).catch(error => {
    throw signal.aborted ? new Error(`not done within ${PATIENCE / 1000} s`) : error
  })
}
