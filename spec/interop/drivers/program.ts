/** A command-line program that is the peer: what it says, what it is told, and its end. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Waiting } from '../waiting.ts'

export class Program {
  /** All that it has said, on either stream. */
  output = ''
  readonly #name: string
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting = new Waiting()
  #ended = false

  constructor(name: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.#name = name
    const child = spawn(name, args, { env: { ...process.env, ...environment } })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', text => {
        this.output += text
        this.#waiting.wake()
      })
    }
    // What is written to a program that has ended is answered by its end.
    child.stdin.on('error', () => {})
    child.once('error', error => {
      this.output += error.message
    })
    child.once('close', () => {
      this.#ended = true
      process.off('exit', this.#kill)
      this.#waiting.wake()
    })
    process.once('exit', this.#kill)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Undefined while it runs; null when a signal has ended it. */
  get exitCode(): number | null | undefined {
    return this.#ended ? this.#child.exitCode : undefined
  }

  /** Resolves when it has said this, or said it already. Rejects when it ends without. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    let match: RegExpExecArray | null = null
    const has = () => {
      match = pattern.exec(this.output)
      if (match === null && this.#ended) throw new Error(`${this.#name} ended without ${pattern}: ${this.output}`)
      return match !== null
    }
    await this.#waiting.until(has, () => `${this.#name} to say ${pattern}: ${this.output.slice(-4000)}`)
    return match!
  }

  write(text: string): void {
    this.#child.stdin.write(text)
  }

  /** Ends what it is told. */
  endInput(): void {
    this.#child.stdin.end()
  }

  /** Resolves with its exit code when it has ended by itself. */
  async exit(): Promise<number | null | undefined> {
    await this.#waiting.until(
      () => this.#ended,
      () => `${this.#name} to end: ${this.output.slice(-4000)}`,
    )
    return this.exitCode
  }

  async kill(): Promise<void> {
    if (this.#ended) return
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
  }

  /** It does not outlive a spec that has failed. */
  readonly #kill = (): void => {
    this.#child.kill('SIGKILL')
  }
}
