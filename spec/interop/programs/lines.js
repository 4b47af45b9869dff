/** The lines of JSON by which a program is driven (the protocol is in drivers/media-program.ts), for stacks that are npm packages. */

import { createInterface } from 'node:readline'

const write = line => process.stdout.write(`${JSON.stringify(line)}\n`)

/** @param {(tell: (fact: string, value: unknown) => void) => object} createConnection Makes what has the methods. */
export const serve = createConnection => {
  const connections = new Map()
  createInterface({ input: process.stdin })
    .on('line', async text => {
      const { id, method, connection, args } = JSON.parse(text)
      try {
        if (method === 'create') {
          const tell = (fact, value) => write({ connection, fact, value })
          connections.set(connection, createConnection(tell))
          write({ id })
        } else {
          write({ id, value: await connections.get(connection)[method](...args) })
        }
      } catch (error) {
        write({ id, error: String(error?.stack ?? error) })
      }
    })
    .on('close', () => process.exit())
}
