/**
 * Runs the specs of rooms that only compute, one after the other in this process: most are over sooner than a process of their
 * own has begun. Each runs by itself, too: `node dist/spec/<room>/<name>.spec.js`. What changes the process for others is in
 * a room's folder `alone`.
 */

import { readdir } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import t from 'tap'

const SPECS = 'dist/spec'

/** The specs of a room, by their paths. */
const specsOf = async (room: string): Promise<string[]> => {
  const names = await readdir(`${SPECS}/${room}`, { recursive: true })
  return names
    .filter(name => name.endsWith('.spec.js') && !name.startsWith('alone'))
    .sort()
    .map(name => `${SPECS}/${room}/${name}`)
}

export const together = async (...rooms: readonly string[]): Promise<void> => {
  for (const room of rooms) {
    for (const path of await specsOf(room)) {
      t.comment(path)
      await import(pathToFileURL(path).href)
    }
  }
}
