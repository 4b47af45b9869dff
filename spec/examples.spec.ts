/** Every example runs, says something, and exits by itself; so do the lines that README opens with. */

import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'

interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const node = (args: readonly string[]): Promise<Run> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', chunk => {
      stdout += chunk
    })
    child.stderr.on('data', chunk => {
      stderr += chunk
    })
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout, stderr }))
  })

for (const file of readdirSync('dist/examples').filter(name => name.endsWith('.js'))) {
  t.test(`examples/${file.replace('.js', '.ts')} runs and exits`, async t => {
    const { code, stdout, stderr } = await node([`dist/examples/${file}`])
    t.equal(code, 0, stderr)
    t.not(stdout.trim(), '')
  })
}

t.test('the lines that README opens with connect two peers', async t => {
  const lines = /```js\n([\s\S]*?)```/.exec(readFileSync('README.md', 'utf8'))?.[1]
  t.ok(lines)
  t.equal(lines?.trim().split('\n').length, 3)
  const { code, stdout, stderr } = await node([
    '--input-type=module',
    '--eval',
    `import { RTCPeerConnection } from 'purertc'
     ${lines}
     b.ondatachannel = ({ channel }) => { channel.onmessage = ({ data }) => { console.log(data); a.close(); b.close() } }
     channel.onopen = () => channel.send('hello')`,
  ])
  t.equal(code, 0, stderr)
  t.equal(stdout.trim(), 'hello')
})
