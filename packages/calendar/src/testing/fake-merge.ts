/** A patch: fields one by one, `null` takes one off, lists are replaced. */
export function merged(current: object, changes: object): object {
  const all: Record<string, unknown> = { ...current }
  for (const [name, value] of Object.entries(changes) as [string, unknown][]) {
    const old = all[name]
    if (value === null) delete all[name]
    else all[name] = isFields(old) && isFields(value) ? merged(old, value) : value
  }
  return all
}

function isFields(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
