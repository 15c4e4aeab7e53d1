import { readFileSync } from 'node:fs'

/** What stands between three back-quotes: `ts src/env.ts`, `sh`, `text`. */
export interface Fence {
  readonly kind: string
  readonly text: string
}

/** What stands in each step of `docs/start.md`, the first at 0. */
export const steps: readonly (readonly Fence[])[] = readFileSync(
  new URL('../start.md', import.meta.url),
  'utf8',
)
  .split(/^## \d+\. .*$/m)
  .slice(1)
  .map(fencesIn)

/** Each opening of a fence is followed by its end: what is between them has an odd place. */
function fencesIn(step: string): readonly Fence[] {
  const parts = step.split(/^```/m)
  return parts
    .filter((_, at) => at % 2 === 1)
    .map((part) => {
      const end = part.indexOf('\n')
      return { kind: part.slice(0, end), text: part.slice(end + 1) }
    })
}

/** The files up to a step, and the `try.ts` of that step alone. */
export function filesUpTo(step: number): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const [at, fences] of steps.slice(0, step).entries()) {
    for (const { kind, text } of fences) {
      const [, path] = kind.split(' ')
      if (path !== undefined && (path !== 'try.ts' || at === step - 1)) files.set(path, text)
    }
  }
  return files
}

/** The commands that a step ends with. */
export function commandsOf(step: number): string {
  return steps[step - 1]?.findLast(({ kind }) => kind === 'sh')?.text ?? ''
}
