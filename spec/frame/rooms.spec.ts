/** The table of rooms in ARCHITECTURE.md is what the linter enforces: each import against it is an error. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runNode } from './run.ts'
import { writeTree } from './tree.ts'

interface Violation {
  readonly from: string
  readonly to: string
  readonly rule: { readonly name: string; readonly severity: string }
}

const cruise = async (files: Readonly<Record<string, string>>): Promise<Violation[]> => {
  const tree = writeTree(files)
  try {
    const program = join('node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs')
    const { stdout, stderr } = await runNode([program, 'lib', '--output-type', 'json'], tree.root)
    if (stdout === '') throw new Error(stderr)
    return (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations
  } finally {
    tree.remove()
  }
}

/** Room by room, the rooms that its row names; what a later issue adds is in parentheses there. */
const table = (): Map<string, string[]> => {
  const rows = readFileSync('ARCHITECTURE.md', 'utf8').matchAll(/^\| `(\w+)` \|.*\|([^|]*)\|$/gm)
  return new Map(
    [...rows].map(([, room, imports]) => [room!, imports!.replace(/\([^)]*\)/g, '').match(/\b[a-z]+\b/g) ?? []]),
  )
}

t.test('between any two rooms, an import is allowed exactly when the table says so', async t => {
  const rooms = table()
  t.ok(rooms.size >= 16)
  const reach = (room: string): Set<string> => {
    const seen = new Set([room])
    for (const name of seen) for (const next of rooms.get(name) ?? []) seen.add(next)
    return seen
  }
  const files: Record<string, string> = {}
  const expected: string[] = []
  for (const from of rooms.keys()) {
    files[`lib/${from}/index.ts`] = 'export const room = true'
    for (const to of rooms.keys()) {
      if (from === to) continue
      files[`lib/${from}/to-${to}.ts`] = `import '../${to}/index.ts'`
      if (!reach(from).has(to)) expected.push(`room-${from}: ${to}`)
    }
  }
  const violations = await cruise(files)
  t.same(violations.map(({ from, rule }) => `${rule.name}: ${/to-(\w+)\.ts$/.exec(from)?.[1]}`).sort(), expected.sort())
  t.ok(violations.every(({ rule }) => rule.severity === 'error'))
})

t.test(
  'the platform, side doors, cycles, specs and undeclared packages are errors where they do not belong',
  async t => {
    const files: Record<string, string> = {
      'lib/bytes/index.ts': 'export const bytes = 1',
      'lib/machine/index.ts': 'export const machine = 1',
      'lib/crypto/index.ts': 'export const crypto = 1',
      'lib/crypto/secret.ts': 'export const secret = 1',
      'lib/crypto/node.ts': "import 'node:crypto'",
      'lib/net/host.ts': "import 'node:dgram'\nimport '../crypto/node.ts'",
      'lib/stun/index.ts': "import '../crypto/index.ts'",
      'lib/stun/side.ts': "import '../crypto/secret.ts'",
      'lib/sctp/file.ts': "import 'node:fs'",
      'lib/sim/time.ts': "import 'timers'",
      'lib/dtls/one.ts': "import './two.ts'",
      'lib/dtls/two.ts': "import './one.ts'",
      'lib/ice/tool.ts': "import 'fast-check'",
      'lib/ice/address.ts': "import 'ipaddr.js'",
      'lib/channel/spec.ts': "import '../../spec/x.ts'",
      'lib/jsep/nowhere.ts': "import './missing.ts'",
      'spec/x.ts': 'export const x = 1',
    }
    const violations = await cruise(files)
    t.same(violations.map(({ from, rule }) => `${rule.name}: ${from}`).sort(), [
      'by-the-door: lib/stun/side.ts',
      'lib-knows-no-spec: lib/channel/spec.ts',
      'no-cycles: lib/dtls/one.ts',
      'no-platform-in-protocol-rooms: lib/sctp/file.ts',
      'no-platform-in-protocol-rooms: lib/sim/time.ts',
      'no-undeclared-packages: lib/ice/tool.ts',
      'no-undeclared-packages: lib/jsep/nowhere.ts',
      'resolvable: lib/jsep/nowhere.ts',
    ])
  },
)
