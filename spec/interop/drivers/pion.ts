/**
 * pion (its third version, as Debian packages it for Go), in a process of its own: `programs/pion-end.go`, built here
 * and now. The first build takes some ten seconds, a later one a second: Go keeps what it has built.
 */

import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CannotStart, createAgent, type PeerStarter, type Quirks } from './driver.ts'
import { RemoteStack } from './remote.ts'

/** Where Debian puts the sources of Go packages. */
const GOPATH = '/usr/share/gocode'
const PROGRAM = 'spec/interop/programs/pion-end.go'

/** What it can be besides an ordinary peer: the program's arguments. */
export type PionMode = 'lite' | 'tcp'

/** Rejects with `CannotStart` when Go or pion is not there. */
export async function startPion(modes: readonly PionMode[] = []): Promise<RemoteStack> {
  if (!existsSync(join(GOPATH, 'src/github.com/pion/webrtc'))) throw new CannotStart('pion', 'it is not installed')
  const folder = mkdtempSync(join(tmpdir(), 'purertc-pion-'))
  try {
    const program = join(folder, 'pion')
    // Nothing is fetched: without modules, Go knows only what is installed.
    await promisify(execFile)('go', ['build', '-o', program, PROGRAM], {
      env: { ...process.env, GOPATH, GO111MODULE: 'off', GOFLAGS: '' },
    })
    const stack = new RemoteStack('pion', program, modes)
    await stack.started
    return stack
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new CannotStart('pion', 'go is not installed')
    throw error
  } finally {
    // A program that runs needs its file no more.
    rmSync(folder, { recursive: true, force: true })
  }
}

export const pion = (quirks: Quirks, modes: readonly PionMode[] = []): PeerStarter => ({
  name: ['pion', ...modes].join(' '),
  start: async () => {
    const stack = await startPion(modes)
    const agent = await createAgent(stack.RTCPeerConnection)
    return {
      name: 'pion',
      quirks,
      call: async (method, ...args) => agent[method]?.(...args),
      close: () => stack.close(),
    }
  },
})
