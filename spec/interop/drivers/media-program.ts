/**
 * The other end of audio and video: a stack in a process of its own that speaks lines of JSON.
 *
 * To the program: `{ id, method, connection, args }`, answered by `{ id, value }` or `{ id, error }`. From it, besides:
 * `{ connection, fact, value }`, what is to be known now under that name. Descriptions have all of their candidates. The
 * methods:
 * - `create()`, `close()`.
 * - `send(kind, mimeType, samples)`: sends from the next negotiation on; `stop(kind)` takes that away. Stacks that encode send
 *   what they make, others the samples that they are given (base64), round and round.
 * - `offer()`: a description; `answer(offer)`: another; `accept(answer)`.
 * - `askForKeyFrame()`: of the video that it receives. `obey()`: begins the samples anew when it is asked for one.
 */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Waiting } from '../waiting.ts'

export interface Description {
  readonly type: 'offer' | 'answer'
  readonly sdp: string
}

interface Line {
  readonly id?: number
  readonly value?: unknown
  readonly error?: string
  readonly connection?: string
  readonly fact?: string
}

interface Caller {
  resolve(value: unknown): void
  reject(error: Error): void
}

export class MediaProgram {
  readonly name: string
  /** Resolves when the program runs. */
  readonly started: Promise<unknown>
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting: Waiting
  readonly #exited: Promise<void>
  readonly #callers = new Map<number, Caller>()
  readonly #facts = new Map<string, unknown>()
  #errors = ''
  #over: Error | undefined
  #calls = 0

  /** @param waiting Told of everything new. */
  constructor(name: string, command: string, args: readonly string[], waiting: Waiting) {
    this.name = name
    this.#waiting = waiting
    const child = spawn(command, args)
    this.#child = child
    this.started = once(child, 'spawn')
    // Whoever does not wait for it is told by the first call.
    this.started.catch(() => {})
    this.#exited = new Promise(resolve => {
      const end = (reason: string) => {
        process.off('exit', this.#kill)
        this.#over ??= new Error(`the program of ${name} ended: ${reason}\n${this.#errors}`)
        for (const { reject } of this.#callers.values()) reject(this.#over)
        this.#callers.clear()
        waiting.wake()
        resolve()
      }
      child.once('error', error => end(error.message))
      child.once('close', (code, signal) => end(signal ?? `exit code ${code}`))
    })
    process.once('exit', this.#kill)
    // What is written to a program that has ended is answered by its end.
    child.stdin.on('error', () => {})
    child.stderr.setEncoding('utf8').on('data', text => {
      this.#errors = (this.#errors + text).slice(-4000)
    })
    createInterface({ input: child.stdout }).on('line', line => this.#receive(line))
  }

  call<T>(connection: string, method: string, ...args: readonly unknown[]): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      if (this.#over !== undefined) return reject(this.#over)
      const id = this.#calls++
      this.#callers.set(id, { resolve, reject })
      this.#child.stdin.write(`${JSON.stringify({ id, method, connection, args })}\n`)
    }) as Promise<T>
  }

  /** What it has told last; throws when it has ended. */
  fact<T>(connection: string, name: string): T | undefined {
    if (this.#over !== undefined) throw this.#over
    return this.#facts.get(`${connection} ${name}`) as T | undefined
  }

  /** The end of what it has said elsewhere. */
  get errors(): string {
    return this.#errors
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  #receive(text: string): void {
    // A stack may say something of its own.
    if (!text.startsWith('{')) return
    const { id, value, error, connection, fact } = JSON.parse(text) as Line
    if (id === undefined) {
      this.#facts.set(`${connection} ${fact}`, value)
      this.#waiting.wake()
      return
    }
    const caller = this.#callers.get(id)
    this.#callers.delete(id)
    if (error === undefined) caller?.resolve(value)
    else caller?.reject(new Error(`${this.name}: ${error}`))
  }

  /** It does not outlive a spec that has failed. */
  readonly #kill = (): void => {
    this.#child.kill('SIGKILL')
  }
}
