import t from 'tap'
import { concealingName, isConcealingName } from '../../lib/mdns/index.ts'
import { seededRandom } from '../../lib/sim/index.ts'
import { nodeCrypto } from '../providers.ts'

t.test('a name is a version 4 UUID in lower case, and .local', t => {
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.local$/
  const names = new Set<string>()
  for (let i = 0; i < 100; i++) {
    const name = concealingName(nodeCrypto.random)
    t.match(name, form)
    names.add(name)
  }
  t.equal(names.size, 100)
  t.equal(concealingName(seededRandom(1)), concealingName(seededRandom(1)))
  t.equal(concealingName({ fill: target => target.fill(0xff) }), 'ffffffff-ffff-4fff-bfff-ffffffffffff.local')
  t.equal(concealingName({ fill: target => target.fill(0) }), '00000000-0000-4000-8000-000000000000.local')
  t.end()
})

t.test('only such a name is one to resolve: not that of a printer', t => {
  t.ok(isConcealingName('1f4712db-ea17-4bcf-a596-105139dfd8bf.local'))
  t.ok(isConcealingName('1F4712DB-EA17-4BCF-A596-105139DFD8BF.Local'))
  t.ok(isConcealingName('62240723-ae6d-4f6a-99b8-94a233e3f84a2.local'), 'of Safari')
  t.ok(isConcealingName(`62240723-ae6d-4f6a-99b8-${'a'.repeat(39)}.local`))
  for (const name of [
    '',
    `62240723-ae6d-4f6a-99b8-${'a'.repeat(40)}.local`,
    'printer.local',
    '.local',
    '1f4712db-ea17-4bcf-a596-105139dfd8bf',
    '1f4712db-ea17-4bcf-a596-105139dfd8bf.local.',
    '1f4712db-ea17-4bcf-a596-105139dfd8bf.example',
    '1f4712db-ea17-4bcf-a596-105139dfd8bf.x.local',
    'x1f4712db-ea17-4bcf-a596-105139dfd8bf.local',
    '1f4712dbea17-4bcf-a596-105139dfd8bf0.local',
    '1f4712dg-ea17-4bcf-a596-105139dfd8bf.local',
    '{1f4712db-ea17-4bcf-a596-105139dfd8bf}.local',
    '1f4712db-ea17-4bcf-a596-105139dfd8bf.local\n',
  ]) {
    t.notOk(isConcealingName(name), name)
  }
  t.end()
})
