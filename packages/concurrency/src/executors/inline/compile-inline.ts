import { workerHasStarted } from '../worker-start.ts'
import type { InlineSource } from './inline-source.ts'
import { expectKnownNames, TOOL_HELPERS } from './known-names.ts'

const COMPILED = new Map<string, (...args: unknown[]) => unknown>()

/** In a worker: a module, as it were, that exports the function. What is wrong with that is the job's own error. */
export function inlineModule(
  name: string,
  source: InlineSource,
): Readonly<Record<string, unknown>> {
  workerHasStarted()
  return { [name]: (...args: unknown[]) => compile(name, source)(...args) }
}

/** Makes a function again of its text. Each text is compiled once. */
function compile(name: string, { text, free }: InlineSource): (...args: unknown[]) => unknown {
  const known = COMPILED.get(text)
  if (known !== undefined) return known
  // The program may have made a global that its workers do not have.
  expectKnownNames(free)
  // oxlint-disable-next-line typescript/no-implied-eval -- the text is that of a function of the program itself
  const make = new Function(
    ...Object.keys(TOOL_HELPERS),
    `'use strict'; return (${text}\n)\n//# sourceURL=inline-job:${name}`,
  )
  const fn = make(...Object.values(TOOL_HELPERS)) as (...args: unknown[]) => unknown
  COMPILED.set(text, fn)
  return fn
}
