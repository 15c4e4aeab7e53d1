/** A single failure as it is; several in one `AggregateError`. */
export function oneOrAll(errors: readonly unknown[], name: string): unknown {
  if (errors.length === 1) return errors[0]
  return new AggregateError(errors, `${errors.length} failures in "${name}"`)
}
