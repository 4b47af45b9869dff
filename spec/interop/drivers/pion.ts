/**
 * pion (its third version, as Debian packages it for Go), in a process of its own: `programs/pion-end.go` or
 * `programs/pion-media.go`, built here and now. The first build takes some ten seconds, a later one a second: Go keeps what it has built.
 */

import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Waiting } from '../waiting.ts'
import { CannotStart, createAgent, type PeerStarter, type Quirks } from './driver.ts'
import { MediaProgram } from './media-program.ts'
import { RemoteStack } from './remote.ts'

/** Where Debian puts the sources of Go packages. */
const GOPATH = '/usr/share/gocode'
const PROGRAM = 'spec/interop/programs/pion-end.go'
const MEDIA_PROGRAM = 'spec/interop/programs/pion-media.go'

/** What it can be besides an ordinary peer: the program's arguments. */
export type PionMode = 'lite' | 'tcp'

/** Builds a program and starts it; rejects with `CannotStart` when Go or pion is not there. */
async function build<T extends { readonly started: Promise<unknown> }>(
  source: string,
  start: (program: string) => T,
): Promise<T> {
  if (!existsSync(join(GOPATH, 'src/github.com/pion/webrtc'))) throw new CannotStart('pion', 'it is not installed')
  const folder = mkdtempSync(join(tmpdir(), 'purertc-pion-'))
  try {
    const program = join(folder, 'pion')
    // Nothing is fetched: without modules, Go knows only what is installed.
    await promisify(execFile)('go', ['build', '-o', program, source], {
      env: { ...process.env, GOPATH, GO111MODULE: 'off', GOFLAGS: '' },
    })
    const started = start(program)
    await started.started
    return started
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new CannotStart('pion', 'go is not installed')
    throw error
  } finally {
    // A program that runs needs its file no more.
    rmSync(folder, { recursive: true, force: true })
  }
}

export const startPion = (modes: readonly PionMode[] = []): Promise<RemoteStack> =>
  build(PROGRAM, program => new RemoteStack('pion', program, modes))

/** With audio and video. */
export const startPionMedia = (waiting: Waiting): Promise<MediaProgram> =>
  build(MEDIA_PROGRAM, program => new MediaProgram('pion', program, [], waiting))

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
