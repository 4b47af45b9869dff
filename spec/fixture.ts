/** Loads files of `fixtures/`; specs run from the root of the repository. */

import { readFileSync } from 'node:fs'

export const fixtureBytes = (path: string): Uint8Array => new Uint8Array(readFileSync(`fixtures/${path}`))
export const fixtureText = (path: string): string => readFileSync(`fixtures/${path}`, 'utf8')
export const fixtureJson = (path: string): unknown => JSON.parse(fixtureText(path))
