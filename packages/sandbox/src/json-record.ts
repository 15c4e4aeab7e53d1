/** Parses JSON that must be an object, such as a file that this package wrote earlier. */
export function parseRecord(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new TypeError('Expected a JSON object')
  return { ...value }
}
