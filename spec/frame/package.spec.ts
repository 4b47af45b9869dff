/** What package.json promises: pure JavaScript without install scripts, subpaths that lead somewhere, no side effects. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runNode } from './run.ts'

interface Manifest {
  readonly name: string
  readonly license: string
  readonly type: string
  readonly engines: { readonly node: string }
  readonly main: string
  readonly types: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
  readonly imports: Readonly<Record<string, { readonly types: string; readonly default: string }>>
  readonly sideEffects: readonly string[]
  readonly gypfile?: boolean
}

const manifest = (path: string): Manifest => JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as Manifest
const own = manifest('.')
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare']
const installScripts = ({ scripts = {} }: Manifest): string[] => INSTALL_SCRIPTS.filter(name => name in scripts)

t.test('the package says who it is and runs nothing when it is installed', t => {
  t.equal(own.name, 'purertc')
  t.equal(own.license, 'MIT')
  t.equal(own.type, 'module')
  t.equal(own.engines.node, '>=20.19')
  t.same(installScripts(own), [])
  t.same(own.optionalDependencies ?? {}, {})
  t.same(own.peerDependencies ?? {}, {})
  t.end()
})

t.test('what it depends on at run time is pure JavaScript as well, all the way down', t => {
  const seen = new Set<string>()
  const check = (name: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    const path = join('node_modules', name)
    const theirs = manifest(path)
    // `prepare` is for their developers; npm runs it only for what is installed from a repository.
    const scripts = installScripts(theirs).filter(script => !script.endsWith('prepare'))
    t.same(scripts, [], `${name} has no install script`)
    t.notOk(theirs.gypfile || existsSync(join(path, 'binding.gyp')), `${name} compiles nothing`)
    const files = readdirSync(path, { recursive: true, encoding: 'utf8' })
    t.same(
      files.filter(file => /\.(node|wasm|so|dylib|dll)$/.test(file)),
      [],
      `${name} has no binary`,
    )
    for (const next of Object.keys(theirs.dependencies ?? {})) check(next)
  }
  for (const name of Object.keys(own.dependencies ?? {})) check(name)
  t.ok(seen.size >= 4)
  t.end()
})

t.test('each subpath leads to a module with types that loads', async t => {
  const targets = [own.main, own.types, ...Object.values({ ...own.exports, ...own.imports })]
  const paths = targets.flatMap(target => (typeof target === 'string' ? [target] : Object.values(target)))
  t.same(
    paths.filter(path => !existsSync(path)),
    [],
  )
  const subpaths = Object.keys(own.exports).filter(subpath => !/json$|globals$/.test(subpath))
  for (const subpath of subpaths) {
    const module = (await import(subpath.replace(/^\./, own.name))) as object
    t.ok(Object.keys(module).length > 0, `${subpath} exports something`)
  }
})

t.test('each layer has its subpath', t => {
  const rooms = readdirSync('lib', { withFileTypes: true }).filter(entry => entry.isDirectory())
  t.ok(rooms.length > 0)
  for (const { name } of rooms) t.ok(`./${name}` in own.exports, name)
  t.end()
})

t.test('require() gives the same classes as import', async t => {
  const script = `
    const { createRequire } = require('node:module')
    const required = createRequire(process.cwd() + '/package.json')('purertc')
    import('purertc').then(imported => console.log(required.RTCPeerConnection === imported.RTCPeerConnection, typeof required.RTCPeerConnection))
  `
  const { code, stdout, stderr } = await runNode(['--no-warnings', '-e', script])
  t.match({ code, stdout, stderr }, { code: 0, stdout: 'true function\n', stderr: '' })
})

/** What importing a module adds to the global object and to the process, as it ends by itself. */
const effectsOf = async (module: string): Promise<unknown> => {
  const script = `
    const globals = () => Reflect.ownKeys(globalThis).map(String)
    const before = new Set(globals()), listeners = process.eventNames().length
    await import(${JSON.stringify(module)})
    console.log(JSON.stringify({
      added: globals().filter(name => !before.has(name)).sort(),
      listeners: process.eventNames().length - listeners,
      handles: process.getActiveResourcesInfo().filter(name => !/^(PipeWrap|TTYWrap|Immediate|CloseReq|FSReqPromise)$/.test(name)),
    }))
  `
  const { code, stdout, stderr } = await runNode(['--no-warnings', '--input-type=module', '-e', script])
  if (code !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

t.test('importing the package changes nothing outside; purertc/globals installs the W3C names', async t => {
  t.same(await effectsOf('purertc'), { added: [], listeners: 0, handles: [] })
  const { added, ...others } = (await effectsOf('purertc/globals')) as { added: string[] }
  t.same(others, { listeners: 0, handles: [] })
  const names = ['RTCPeerConnection', 'RTCDataChannel', 'RTCSessionDescription', 'RTCIceCandidate', 'MediaStreamTrack']
  for (const name of names) t.ok(added.includes(name), name)
  t.ok(
    added.every(name => /^(RTC|MediaStream|OverconstrainedError$|KeyFrameRequestEvent$)/.test(name)),
    added.join(' '),
  )
  t.same(own.sideEffects, ['./dist/lib/globals.js'])
})
