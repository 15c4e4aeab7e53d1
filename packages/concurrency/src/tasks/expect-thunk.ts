import { expected, isPromise } from '../arguments/expected.ts'

/**
 * Throws unless `thunk` is a function. The message for a promise says what to write instead: the starter
 * begins the work itself, as what has begun already could not be cancelled.
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
