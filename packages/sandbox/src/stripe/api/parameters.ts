import { invalid } from './error.ts'
import type { FormHash, FormValue } from './form.ts'
import type { Json } from '../../json.ts'

/** How one parameter is read; `name` is its full name (`items[0][price]`), for error messages. */
export interface Parameter<T> {
  readonly required?: true
  read(value: FormValue, name: string): T
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>

type Read<P> = P extends Parameter<infer T> ? T : never
type RequiredNames<P extends Parameters> = {
  [K in keyof P]: P[K] extends { required: true } ? K : never
}[keyof P]

/** What {@link readParameters} gives for a set of parameters. */
export type Values<P extends Parameters> = { readonly [K in RequiredNames<P>]: Read<P[K]> } & {
  readonly [K in Exclude<keyof P, RequiredNames<P>>]?: Read<P[K]>
}

/**
 * Reads a hash by its parameters.
 *
 * @throws StripeFailure 400 `parameter_unknown`, `parameter_missing`, or what the value's reader says
 */
export function readParameters<P extends Parameters>(
  parameters: P,
  form: FormHash,
  prefix = '',
): Values<P> {
  const nameOf = (key: string): string => (prefix === '' ? key : `${prefix}[${key}]`)
  const unknown = Object.keys(form).filter((key) => !Object.hasOwn(parameters, key))
  if (unknown.length > 0) {
    const names = unknown.map(nameOf)
    const message = `Received unknown parameter${names.length > 1 ? 's' : ''}: ${names.join(', ')}`
    throw invalid(message, names[0], 'parameter_unknown')
  }
  const values: Record<string, unknown> = {}
  for (const [key, parameter] of Object.entries(parameters)) {
    const value = form[key]
    if (value !== undefined) values[key] = parameter.read(value, nameOf(key))
    else if (parameter.required) {
      throw invalid(`Missing required param: ${nameOf(key)}.`, nameOf(key), 'parameter_missing')
    }
  }
  return values as Values<P>
}

/** Must be given. */
export function required<T>(parameter: Parameter<T>): Parameter<T> & { readonly required: true } {
  return { ...parameter, required: true }
}

/** May be unset with an empty string, which reads as null. */
export function clearable<T>(parameter: Parameter<T>): Parameter<T | null> {
  return { read: (value, name) => (value === '' ? null : parameter.read(value, name)) }
}

/** Texts by any name. */
export function texts(): Parameter<Record<string, string>> {
  return {
    read(value, name) {
      if (typeof value === 'string') throw invalid('Invalid object', name)
      const entries = Object.entries(value).map(
        ([key, inner]) => [key, text().read(inner, `${name}[${key}]`)] as const,
      )
      return Object.fromEntries(entries)
    },
  }
}

/** A string of 1 to `maxLength` characters. */
export function text(maxLength = 5000): Parameter<string> {
  return {
    read(value, name) {
      if (typeof value !== 'string') throw invalid(`Invalid string: ${name}`, name)
      if (value === '') {
        const message = `You passed an empty string for '${name}'. We assume empty values are an attempt to unset a parameter; however '${name}' cannot be unset. You should remove '${name}' from your request or supply a non-empty value.`
        throw invalid(message, name, 'parameter_invalid_empty')
      }
      if (value.length > maxLength) {
        throw invalid(`Invalid string: must be at most ${maxLength} characters`, name)
      }
      return value
    },
  }
}

export function oneOf<const T extends string>(...values: readonly T[]): Parameter<T> {
  return {
    read(value, name) {
      const found = values.find((candidate) => candidate === value)
      if (found !== undefined) return found
      throw invalid(`Invalid ${name}: must be one of ${values.join(', ')}`, name)
    },
  }
}

export function flag(): Parameter<boolean> {
  return {
    read(value, name) {
      if (value !== 'true' && value !== 'false')
        throw invalid(`Invalid boolean: ${shown(value)}`, name)
      return value === 'true'
    },
  }
}

/** A whole number in `min`–`max`; timestamps are seconds since 1970. */
export function integer(min = 0, max: number = Number.MAX_SAFE_INTEGER): Parameter<number> {
  return {
    read(value, name) {
      const number =
        typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : Number.NaN
      if (Number.isNaN(number)) {
        throw invalid(`Invalid integer: ${shown(value)}`, name, 'parameter_invalid_integer')
      }
      if (number < min) {
        throw invalid(
          `This value must be greater than or equal to ${min}.`,
          name,
          'parameter_invalid_integer',
        )
      }
      if (number > max) {
        throw invalid(
          `This value must be less than or equal to ${max}.`,
          name,
          'parameter_invalid_integer',
        )
      }
      return number
    },
  }
}

/** A number with a decimal point or without, above `min` and up to `max`. */
export function number(min: number, max: number): Parameter<number> {
  return {
    read(value, name) {
      const read =
        typeof value === 'string' && /^\d{1,9}(\.\d{1,4})?$/.test(value)
          ? Number(value)
          : Number.NaN
      if (read > min && read <= max) return read
      throw invalid(`Invalid decimal: ${shown(value)}; must be above ${min} and up to ${max}`, name)
    },
  }
}

export function hash<P extends Parameters>(parameters: P): Parameter<Values<P>> {
  return {
    read(value, name) {
      if (typeof value === 'string') throw invalid('Invalid object', name)
      return readParameters(parameters, value, name)
    },
  }
}

export function list<T>(of: Parameter<T>): Parameter<T[]> {
  return {
    read(value, name) {
      if (typeof value === 'string') {
        if (value === '') return []
        throw invalid('Invalid array', name)
      }
      const keys = Object.keys(value).sort((a, b) => Number(a) - Number(b))
      if (keys.some((key) => !/^\d{1,6}$/.test(key))) throw invalid('Invalid array', name)
      return keys.map((key) => of.read(value[key] ?? '', `${name}[${key}]`))
    },
  }
}

/** Any shape, kept as it came: for parameters that the sandbox stores or ignores but never reads. */
export function opaque(): Parameter<Json> {
  const read = (value: FormValue): Json => {
    if (typeof value === 'string') return value === '' ? null : value
    const entries = Object.entries(value).map(([key, inner]) => [key, read(inner)] as const)
    const isList = entries.every(([key], index) => key === String(index)) && entries.length > 0
    return isList ? entries.map(([, inner]) => inner) : Object.fromEntries(entries)
  }
  return { read }
}

function shown(value: FormValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
