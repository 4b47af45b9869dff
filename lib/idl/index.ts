/** idl: the rules of Web IDL that our interfaces follow. */

export * from './conversion.ts'
export * from './dictionary.ts'
export * from './event-handler.ts'
export * from './event-target.ts'
export * from './exception.ts'
export * from './interface.ts'
