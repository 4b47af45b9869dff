/** A process that has closed its connections ends by itself, as a page would: no socket and no timer holds it. */

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const PROGRAM = fileURLToPath(new URL('programs/close-and-exit.js', import.meta.url))
/** A process that is still there after this long, in milliseconds, does not end. */
const PATIENCE = 20_000

interface Outcome {
  readonly code: number | null
  readonly signal: string | null
  readonly output: string
}

const run = (what: string): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, what], { stdio: ['ignore', 'pipe', 'inherit'] })
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
    let output = ''
    child.stdout.on('data', bytes => {
      output += bytes
    })
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, output })
    })
  })

for (const [what, output, title] of [
  ['import', 'done\n', 'a process that never opened a connection ends'],
  ['construct', 'done\n', 'a process with a connection that never began ends'],
  ['close unconnected', 'done\n', 'a process that closed a connection while it gathered ends'],
  ['close both', 'there and back\ndone\n', 'a process that has closed both its connections ends'],
  ['close one', 'there and back\ndone\n', 'a process whose peer closed, and which then closes, ends'],
] as const) {
  t.test(title, async t => t.same(await run(what), { code: 0, signal: null, output }))
}
