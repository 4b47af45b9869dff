/** A clock, a timer, randomness or the platform in a protocol room is an error; the same in `net` is not. */

import { join } from 'node:path'
import t from 'tap'
import { runNode } from './run.ts'
import { writeTree } from './tree.ts'

const PURE =
  'bytes machine crypto stun turn ice dtls srtp rtp flow sctp channel sdp jsep transport session media peer sim trace'
const IMPURE: Readonly<Record<string, string>> = {
  Date: 'export const x = Date.now()',
  'new Date': 'export const x = new Date()',
  performance: 'export const x = performance.now()',
  setTimeout: 'setTimeout(() => {}, 1)',
  setInterval: 'setInterval(() => {}, 1)',
  setImmediate: 'setImmediate(() => {})',
  queueMicrotask: 'queueMicrotask(() => {})',
  'Math.random': 'export const x = Math.random()',
  crypto: 'export const x = crypto.randomUUID()',
  process: 'export const x = process.env',
  Buffer: 'export const x = Buffer.alloc(1)',
  fetch: "export const x = fetch('')",
  console: "console.log('')",
  globalThis: 'export const x = globalThis',
}

interface Diagnostic {
  readonly severity: string
  readonly category: string
  readonly location: { readonly path: string }
}

t.test('the linter names each of them in each protocol room, and nothing in net', async t => {
  const files: Record<string, string> = {}
  const expected: string[] = []
  const names = Object.keys(IMPURE)
  for (const room of PURE.split(' ')) {
    names.forEach((name, i) => {
      files[`lib/${room}/impure${i}.ts`] = IMPURE[name]!
      expected.push(`lib/${room}/impure${i}.ts`)
    })
    files[`lib/${room}/pure.ts`] = 'export const x = Math.max(1, 2)'
  }
  names.forEach((name, i) => {
    files[`lib/net/impure${i}.ts`] = IMPURE[name]!
  })
  const tree = writeTree(files)
  t.teardown(tree.remove)
  const program = join('node_modules', '@biomejs', 'biome', 'bin', 'biome')
  const args = [program, 'lint', '--reporter=json', '--max-diagnostics=none', 'lib']
  const { code, stdout, stderr } = await runNode(args, tree.root)
  t.not(code, 0, stderr)
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] }
  const found = diagnostics
    .filter(({ severity, category }) => severity === 'error' && /noRestrictedGlobals|plugin/.test(category))
    .map(({ location }) => location.path.replaceAll('\\', '/'))
  t.same([...new Set(found)].sort(), expected.sort())
})

t.test('without the types of Node or a browser, the platform is not even known', async t => {
  const names = ['performance.now()', 'setTimeout', 'process', 'Buffer', 'fetch', 'console', 'document', 'crypto']
  const files: Record<string, string> = { 'lib/sctp/pure.ts': 'export const x: Uint8Array = new Uint8Array(1)' }
  names.forEach((name, i) => {
    files[`lib/sctp/impure${i}.ts`] = `export const x: unknown = ${name}`
  })
  const tree = writeTree(files)
  t.teardown(tree.remove)
  const program = join('node_modules', 'typescript', 'bin', 'tsc')
  const { code, stdout } = await runNode([program, '-p', 'tsconfig.pure.json'], tree.root)
  t.not(code, 0)
  const flagged = [...stdout.matchAll(/^(\S+)\(\d+,\d+\): error/gm)].map(([, file]) => file)
  t.same([...new Set(flagged)].sort(), names.map((_, i) => `lib/sctp/impure${i}.ts`).sort())
})
