/**
 * What makes a class an interface of Web IDL (section 3.7): members that can be enumerated, a class string, arguments
 * that must be there, constructors that scripts may not call.
 */

/**
 * Gives a class the property attributes of an IDL interface. To be called from its static block, once.
 * @param name The interface's name, for `Object.prototype.toString`.
 * @param lengths How many arguments a method (or `constructor`) requires, where its signature does not say so by itself.
 */
export const defineInterface = (
  type: { readonly prototype: object },
  name: string,
  lengths: Readonly<Record<string, number>> = {},
): void => {
  const { prototype } = type
  for (const [key, value] of Object.entries(lengths)) {
    const member = (prototype as Readonly<Record<string, object>>)[key]
    if (member !== undefined) Object.defineProperty(member, 'length', { value, configurable: true })
  }
  for (const key of Object.getOwnPropertyNames(prototype)) {
    if (key !== 'constructor') Object.defineProperty(prototype, key, { enumerable: true })
  }
  for (const key of Object.getOwnPropertyNames(type)) {
    if (key !== 'prototype' && key !== 'length' && key !== 'name') {
      Object.defineProperty(type, key, { enumerable: true })
    }
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true })
}

/** Throws the TypeError of an interface that has no constructor for scripts. */
export const illegalConstructor = (): never => {
  throw new TypeError('Illegal constructor')
}

/** Throws the TypeError of a call with fewer arguments than the operation requires. */
export const requireArguments = (context: string, needed: number, present: number): void => {
  if (present < needed) {
    const arguments_ = needed === 1 ? '1 argument' : `${needed} arguments`
    throw new TypeError(`${context}: ${arguments_} required, but only ${present} present.`)
  }
}

/** Runs an operation that returns a promise: what it throws, conversions of arguments included, rejects the promise. */
export const promised = <T>(operation: () => Promise<T>): Promise<T> => {
  try {
    return operation()
  } catch (error) {
    return Promise.reject(error)
  }
}
