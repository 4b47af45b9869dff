/**
 * 300 topologies by seed, a hundred in each of three files: NATs of every behaviour, one behind another or shared,
 * firewalls, IPv6 or not, loss and delay. A relay can be reached from all of them, so all connect.
 */

import t from 'tap'
import { showTopologies } from './topologies.ts'

t.test('topologies 1 to 100: all connect, directly where they can', t => showTopologies(t, 1, 100))
