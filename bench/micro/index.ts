/** `npm run bench:micro`: the primitives of the hot path, each alone. Arguments name the tables to run. */

const tables: Readonly<Record<string, () => Promise<unknown>>> = {
  checksum: () => import('./checksum.ts'),
  aead: () => import('./aead.ts'),
  record: () => import('./record.ts'),
  packet: () => import('./packet.ts'),
  sctp: () => import('./sctp.ts'),
  payload: () => import('./payload.ts'),
  rtp: () => import('./rtp.ts'),
  flow: () => import('./flow.ts'),
  srtp: () => import('./srtp.ts'),
}

const wanted = process.argv.slice(2)
for (const name of wanted) {
  if (tables[name] === undefined) {
    console.error(`no table '${name}': there are ${Object.keys(tables).join(', ')}`)
    process.exit(2)
  }
}
for (const [name, run] of Object.entries(tables)) if (wanted.length === 0 || wanted.includes(name)) await run()
