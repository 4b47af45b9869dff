/**
 * The file that the environment variable SSLKEYLOGFILE names, as NSS, OpenSSL and curl have it (RFC 9850): every line of
 * the key log of every connection of this process goes to its end, so that a capture can be decrypted.
 *
 * Whoever can read the file can read the connections: it is made for its owner alone, unless it is there already (Deno
 * makes it as it starts, for its own TLS, by its umask). Where it cannot be written, connections go on without it, and a
 * warning says so once.
 */

import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { emitWarning, env } from 'node:process'

/** Not waited for: a pipe that nobody reads is an error at once. Windows has no such flag. */
const FLAGS = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | (constants.O_NONBLOCK ?? 0)
const OWNER_ONLY = 0o600

let warnedOf: string | undefined

const warn = (path: string, error: unknown): void => {
  if (warnedOf === path) return
  warnedOf = path
  emitWarning(`SSLKEYLOGFILE cannot be written: ${error instanceof Error ? error.message : String(error)}`)
}

/** The variable's value; a runtime that asks for permission (Deno) may refuse. */
const configuredPath = (): string | undefined => {
  try {
    return env.SSLKEYLOGFILE
  } catch {
    return undefined
  }
}

/** One write at the end of the file, so that lines of several processes do not mix; opened each time: it may be moved away. */
const append = (path: string, text: string): void => {
  const file = openSync(path, FLAGS, OWNER_ONLY)
  try {
    writeSync(file, text)
  } finally {
    closeSync(file)
  }
}

/** Takes lines for the file, without their line ends. Undefined when the variable is not set. */
export const keyLogFile = (): ((line: string) => void) | undefined => {
  const path = configuredPath()
  if (path === undefined || path === '') return undefined
  return line => {
    try {
      append(path, `${line}\n`)
    } catch (error) {
      warn(path, error)
    }
  }
}
