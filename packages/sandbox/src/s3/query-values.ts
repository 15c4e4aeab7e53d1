import { invalidArgument } from './errors.ts'

/** A whole number of the query within 0 and its cap; above the cap, the cap counts. */
export function countParameter(
  query: ReadonlyMap<string, string>,
  name: string,
  cap: number,
): number {
  const text = query.get(name)
  if (text === undefined || text === '') return cap
  if (!/^\d{1,10}$/.test(text) || Number(text) > 0x7f_ff_ff_ff) {
    throw invalidArgument(
      `Argument ${name} must be an integer between 0 and 2147483647`,
      name,
      text,
    )
  }
  return Math.min(Number(text), cap)
}

/** `encoding-type=url` protects keys that XML cannot hold; slashes stay, a space becomes a plus. */
export function keyEncoder(query: ReadonlyMap<string, string>): (key: string) => string {
  const type = query.get('encoding-type')
  if (type === undefined || type === '') return (key) => key
  if (type !== 'url') {
    throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', type)
  }
  return (key) =>
    encodeURIComponent(key)
      .replace(/[!'()~]/g, (c) => `%${c.codePointAt(0)!.toString(16).toUpperCase()}`)
      .replaceAll('%20', '+')
      .replaceAll('%2F', '/')
}
