import { describeValue } from '../arguments/describe-value.ts'

/**
 * The mistake of a caller that sends what cannot be copied. What the serialiser says of it is left out:
 * it quotes the value, and that may be a secret.
 *
 * @param copy throws for what cannot be copied
 */
export function unserialisableArguments(
  job: string,
  args: readonly unknown[],
  copy: (value: unknown) => unknown,
): TypeError {
  const index = args.findIndex((arg) => {
    try {
      copy(arg)
      return false
    } catch {
      return true
    }
  })
  if (index === -1) {
    return new TypeError(
      `Expected the context values and the transfer list of "${job}" to be serialisable`,
    )
  }
  return new TypeError(
    `Expected argument ${index + 1} of "${job}" to be serialisable, got ${describeInside(args[index])}`,
  )
}

/** The same of what a job returns. */
export function unserialisableResult(job: string, value?: unknown): TypeError {
  const detail = value === undefined ? '' : `, got ${describeInside(value)}`
  return new TypeError(`Expected the result of "${job}" to be serialisable${detail}`)
}

function describeInside(value: unknown): string {
  const inside = typeof value === 'object' && value !== null
  return `${describeValue(value)}${inside ? ' with something in it that is not' : ''}`
}
