/**
 * PostgreSQL's text for an array of ids or numbers, to be cast: as one parameter it is the same for every
 * driver, where an array of JavaScript is not.
 */
export function arrayLiteral(values: readonly (string | number)[]): string {
  return `{${values.join(',')}}`
}
