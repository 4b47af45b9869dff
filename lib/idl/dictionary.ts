/**
 * Dictionaries (Web IDL, section 3.2.17): members are read in lexicographical order, those of an inherited dictionary
 * first, each once; a member that is undefined is absent.
 */

import type { Conversion } from './conversion.ts'

export interface RequiredMember<T> {
  readonly presence: 'required'
  readonly convert: Conversion<T>
}

export interface OptionalMember<T> {
  readonly presence: 'optional'
  readonly convert: Conversion<T>
}

export interface DefaultMember<T> {
  readonly presence: 'default'
  readonly convert: Conversion<T>
  /** Makes the default value: a fresh list each time. */
  readonly value: () => T
}

export type Member<T = unknown> = RequiredMember<T> | OptionalMember<T> | DefaultMember<T>
export type Members = Readonly<Record<string, Member>>

type Value<M> = M extends Member<infer T> ? T : never
type Flat<T> = { [K in keyof T]: T[K] }

/** What a dictionary of these members is after conversion. */
export type Converted<M extends Members> = Flat<
  { -readonly [K in keyof M as M[K] extends OptionalMember<unknown> ? never : K]: Value<M[K]> } & {
    -readonly [K in keyof M as M[K] extends OptionalMember<unknown> ? K : never]?: Value<M[K]>
  }
>

export const required = <T>(convert: Conversion<T>): RequiredMember<T> => ({ presence: 'required', convert })
export const optional = <T>(convert: Conversion<T>): OptionalMember<T> => ({ presence: 'optional', convert })
export const defaulted = <T>(convert: Conversion<T>, value: () => NoInfer<T>): DefaultMember<T> => ({
  presence: 'default',
  convert,
  value,
})

/**
 * A conversion to a dictionary type.
 * @param type Its name, for error messages.
 * @param base The conversion of the dictionary that it inherits from.
 */
export const dictionary = <M extends Members, B extends object = object>(
  type: string,
  members: M,
  base?: Conversion<B>,
): Conversion<Flat<Converted<M> & B>> => {
  const ordered = Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1))
  return (value, context) => {
    if (value !== undefined && value !== null && typeof value !== 'object' && typeof value !== 'function') {
      throw new TypeError(`${context}: The provided value is not of type '${type}'.`)
    }
    const converted: Record<string, unknown> = base === undefined ? {} : { ...base(value, context) }
    for (const [key, member] of ordered) {
      const given: unknown = value === undefined || value === null ? undefined : (value as Record<string, unknown>)[key]
      if (given !== undefined) {
        converted[key] = member.convert(given, `${context}: Failed to read the '${key}' property from '${type}'`)
      } else if (member.presence === 'default') {
        converted[key] = member.value()
      } else if (member.presence === 'required') {
        throw new TypeError(
          `${context}: Failed to read the '${key}' property from '${type}': Required member is undefined.`,
        )
      }
    }
    return converted as Flat<Converted<M> & B>
  }
}
