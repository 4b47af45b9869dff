/** The three lines that README opens with connect two peers, as they stand there. */

import { readFileSync } from 'node:fs'
import t from 'tap'
import { runNode } from './run.ts'

t.test('the lines that README opens with connect two peers', async t => {
  const lines = /```js\n([\s\S]*?)```/.exec(readFileSync('README.md', 'utf8'))?.[1]?.trim()
  t.equal(lines?.split('\n').length, 3)
  const { code, stdout, stderr } = await runNode([
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
