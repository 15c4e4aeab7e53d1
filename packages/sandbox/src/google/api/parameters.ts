import { badParameter, CalendarFailure } from './failure.ts'

/** How a query parameter is read. */
type Parameter =
  | 'text'
  | 'texts'
  | 'flag'
  | 'integer'
  | 'instant'
  | 'zone'
  | 'ignored'
  | 'missing'
  | readonly string[]

/** Those of one method, by name; path parameters are not among them. */
export type Parameters = Readonly<Record<string, Parameter>>

/** The query of one request, read. */
export interface Query {
  text(name: string): string | undefined
  texts(name: string): readonly string[]
  flag(name: string): boolean
  integer(name: string): number | undefined
  /** Milliseconds since 1970. */
  instant(name: string): number | undefined
  has(name: string): boolean
  /** All that was given, in no order; equal for two requests that ask for the same. */
  fingerprint(without: readonly string[]): string
}

/** What every method takes. Source: https://developers.google.com/workspace/calendar/api/v3/reference */
const everywhere: Parameters = {
  alt: ['json'],
  fields: 'text',
  key: 'ignored',
  oauth_token: 'missing',
  prettyPrint: 'flag',
  quotaUser: 'ignored',
  userIp: 'ignored',
}

/** @throws CalendarFailure 400; 501 for what Google has and the sandbox has not */
export function readQuery(own: Parameters, given: URLSearchParams): Query {
  const known: Parameters = { ...everywhere, ...own }
  for (const name of new Set(given.keys())) {
    const parameter = Object.hasOwn(known, name) ? known[name] : undefined
    if (parameter === undefined) {
      throw badParameter(
        name,
        `Invalid JSON payload received. Unknown name "${name}": Cannot bind query parameter. Field '${name}' could not be found in request message.`,
      )
    }
    if (parameter === 'missing') {
      const message = `The sandbox does not have the parameter ${name}.`
      throw new CalendarFailure(501, 'notImplemented', message, {
        location: name,
        locationType: 'parameter',
      })
    }
    const values = given.getAll(name)
    if (values.length > 1 && parameter !== 'texts') throw badParameter(name)
    for (const value of values) check(name, parameter, value)
  }
  const text = (name: string): string | undefined => given.get(name) ?? undefined
  return {
    text,
    texts: (name) => given.getAll(name),
    flag: (name) => text(name) === 'true',
    integer: (name) => (given.has(name) ? Number(text(name)) : undefined),
    instant: (name) => (given.has(name) ? instantOf(text(name) ?? '') : undefined),
    has: (name) => given.has(name),
    fingerprint: (without) =>
      [...given]
        .filter(([name]) => !without.includes(name))
        .map((pair) => JSON.stringify(pair))
        .sort()
        .join(),
  }
}

function check(name: string, parameter: Parameter, value: string): void {
  if (typeof parameter !== 'string') {
    if (parameter.includes(value)) return
    throw badParameter(
      name,
      `Invalid string value: '${value}'. Allowed values: [${parameter.join(', ')}]`,
      'invalidParameter',
    )
  }
  if (parameter === 'flag' && value !== 'true' && value !== 'false') {
    throw badParameter(name, `Invalid boolean value: '${value}'.`, 'invalidParameter')
  }
  if (parameter === 'integer' && !/^-?\d{1,9}$/.test(value)) {
    throw badParameter(name, `Invalid integer value: '${value}'.`, 'invalidParameter')
  }
  if (parameter === 'instant' && Number.isNaN(instantOf(value))) throw badParameter(name)
  if (parameter === 'zone' && !isZone(value))
    throw badParameter(name, 'Invalid time zone.', 'invalid')
}

/** RFC 3339, its offset included; NaN for anything else. */
export function instantOf(text: string): number {
  const isOne = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/i.test(text)
  return isOne ? Date.parse(text) : Number.NaN
}

/** A name of the IANA time zone database; an offset is none. */
export function isZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    return Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
