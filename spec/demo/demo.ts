/** Runs the program that `npm start` runs. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../../examples/demo/server.js', import.meta.url))

/** The demonstration as a process of its own, on the port that `PORT` says. */
export class Demo {
  readonly process: ChildProcess
  stdout = ''
  stderr = ''
  readonly ended: Promise<number | null>
  #wake = (): void => {}

  constructor(port: string) {
    this.process = spawn(process.execPath, [PROGRAM], {
      env: { ...process.env, PORT: port },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.process.stdout!.setEncoding('utf8').on('data', text => {
      this.stdout += text
      this.#wake()
    })
    this.process.stderr!.setEncoding('utf8').on('data', text => {
      this.stderr += text
    })
    this.ended = once(this.process, 'close').then(([code]) => {
      this.#wake()
      return code as number | null
    })
  }

  /** The URL, once it is printed. */
  async url(): Promise<string> {
    for (;;) {
      const url = /http:\S+/.exec(this.stdout)?.[0]
      if (url !== undefined) return url
      if (this.process.exitCode !== null) throw new Error(this.stderr)
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }
}
