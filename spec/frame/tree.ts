/** A small tree of sources in a temporary folder, under the project's own rules, for specs that break them. */

import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const RULES = ['package.json', 'tsconfig.json', 'tsconfig.pure.json', 'biome.json', '.dependency-cruiser.cjs', '.lint']

/** Writes the files (by path, with their content) beside copies of the rules; returns the folder and its removal. */
export const writeTree = (files: Readonly<Record<string, string>>): { root: string; remove: () => void } => {
  const root = mkdtempSync(join(tmpdir(), 'purertc-frame-'))
  for (const rule of RULES) cpSync(rule, join(root, rule), { recursive: true })
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'), 'junction')
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), `${content}\n`)
  }
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) }
}
