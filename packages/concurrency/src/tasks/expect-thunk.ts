import { expected, isPromise } from '../arguments/expected.ts'

/**
 * Throws unless `thunk` is a function. For a promise the message says what to write instead: a function
 * that begins the work, as work that has begun already cannot be cancelled.
 */
export function expectThunk(starter: string, key: string | number, thunk: unknown): void {
  if (typeof thunk === 'function') return
  const advice = isPromise(thunk) ? `: write ${instead(starter, String(key))}` : ''
  throw expected(`${key} to be a function`, thunk, advice)
}

function instead(starter: string, key: string): string {
  const [open, close] = /^\d+$/.test(key) ? ['[', ']'] : [`{ ${key}: `, ' }']
  return `${starter}(${open}() => work()${close}), not ${starter}(${open}work()${close})`
}
