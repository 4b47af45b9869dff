/** No spec is left out: those that run in a process of their own are found by the test command, the others by their room. */

import { readdir, readFile } from 'node:fs/promises'
import t from 'tap'

/** Whose specs need sockets, browsers or processes. */
const BY_THEMSELVES = ['demo', 'frame', 'interop', 'net', 'together']

t.test('every folder of specs is run, once', async t => {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: { test: string } }
  t.match(scripts.test, `"dist/spec/{${BY_THEMSELVES.join(',')}}/**/*.spec.js" "dist/spec/*/alone/*.spec.js"`)
  const together: string[] = []
  for (const name of await readdir('spec/together')) {
    if (!name.endsWith('.spec.ts')) continue
    const source = await readFile(`spec/together/${name}`, 'utf8')
    const [, rooms = ''] = source.match(/await together\((.*)\)/) ?? []
    together.push(...rooms.split(', ').map(room => room.slice(1, -1)))
  }
  const specs = (await readdir('spec', { recursive: true })).filter(name => name.endsWith('.spec.ts'))
  const folders = new Set(specs.map(name => name.split('/')[0]!))
  t.same([...together, ...BY_THEMSELVES].sort(), [...folders].sort())
})
