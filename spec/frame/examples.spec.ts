/** Each layer's example runs, says something, and ends by itself. */

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { runNode } from './run.ts'

const examples = readdirSync('examples').filter(file => file.endsWith('.ts'))

t.test('each example that the README names is there', t => {
  const named = [...readFileSync('README.md', 'utf8').matchAll(/`examples\/([\w-]+\.ts)`/g)].map(([, file]) => file!)
  t.ok(named.length >= 10)
  for (const file of named) t.ok(examples.includes(file), file)
  t.end()
})

for (const file of examples) {
  t.test(`examples/${file}`, async t => {
    const compiled = fileURLToPath(new URL(`../../examples/${file.replace(/ts$/, 'js')}`, import.meta.url))
    const { code, stdout, stderr } = await runNode([compiled])
    t.equal(code, 0, stderr)
    t.ok(stdout.trim().length > 0)
    t.equal(stderr, '')
  })
}
