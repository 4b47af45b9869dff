// The table of rooms in ARCHITECTURE.md as rules: who may import whom, doors, cycles, and who may touch the platform.
const rooms = {
  bytes: [],
  machine: ['bytes'],
  crypto: ['machine'],
  stun: ['crypto'],
  turn: ['stun'],
  ice: ['stun'],
  mdns: ['machine'],
  gather: ['ice', 'turn', 'mdns'],
  dtls: ['crypto'],
  srtp: ['crypto'],
  rtp: ['machine'],
  flow: ['rtp'],
  sctp: ['crypto'],
  channel: ['sctp'],
  sdp: [],
  jsep: ['sdp', 'machine', 'rtp'],
  transport: ['ice', 'dtls', 'srtp'],
  session: ['transport', 'channel', 'flow', 'jsep'],
  idl: [],
  media: ['rtp', 'idl'],
  peer: ['session', 'gather', 'media', 'idl'],
  net: ['stun'],
  sim: ['machine'],
  trace: ['machine'],
}
const programs = ['server', 'signal', 'gateway', 'cli']
const platform = ['net', ...programs]

const reach = room => {
  const seen = new Set([room])
  for (const name of seen) for (const next of rooms[name]) seen.add(next)
  return [...seen]
}
const any = names => `(${names.join('|')})`

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...Object.keys(rooms).map(room => ({
      name: `room-${room}`,
      comment: `${room}/ may import only ${reach(room).join(', ')} (ARCHITECTURE.md, section 2)`,
      severity: 'error',
      from: { path: `^lib/${room}/` },
      // peer/ reaches the platform by `#host` of package.json's imports, and by nothing else (ARCHITECTURE.md, section 2)
      to: { path: '^lib/', pathNot: `^lib/${any(reach(room))}/${room === 'peer' ? '|^lib/net/host\\.ts$' : ''}` },
    })),
    {
      name: 'programs-use-the-public-api',
      severity: 'error',
      from: { path: `^lib/${any(programs)}/` },
      to: {
        path: '^lib/',
        pathNot: `^lib/(index\\.ts$|${any([...programs, ...Object.keys(rooms)])}/index\\.ts$)|^lib/${any(programs)}/`,
      },
    },
    {
      name: 'by-the-door',
      comment:
        'a room is entered by its index.ts; the two crypto providers are doors of their own, so that one can be left out',
      severity: 'error',
      from: { path: '^lib/([^/]+)/' },
      to: { path: '^lib/[^/]+/', pathNot: '^lib/($1/|[^/]+/index\\.ts$|crypto/(node|portable)\\.ts$|net/host\\.ts$)' },
    },
    {
      name: 'examples-and-bench-use-the-door',
      severity: 'error',
      from: { path: '^(examples|bench)/' },
      to: { path: '^lib/[^/]+/', pathNot: '^lib/([^/]+/index\\.ts$|crypto/(node|portable)\\.ts$)' },
    },
    {
      name: 'no-platform-in-protocol-rooms',
      severity: 'error',
      from: { path: '^lib/', pathNot: `^lib/${any(platform)}/|^lib/crypto/node[a-z-]*\\.ts$` },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'lib-knows-no-spec',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(spec|bench|examples)/' },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: { path: '^lib/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
}
