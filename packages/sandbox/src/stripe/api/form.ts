import { invalid } from './error.ts'

export type FormValue = string | FormHash
export type FormHash = { [name: string]: FormValue }

/**
 * Reads `a=1&b[c]=2&d[0][e]=3&f[]=4` into nested hashes; a list is a hash with the keys 0, 1, 2 ….
 * Hashes have no prototype, so a parameter named `__proto__` is only an unknown parameter.
 *
 * @throws StripeFailure 400 when the brackets do not close or a name is both a value and a hash
 */
export function parseForm(encoded: string): FormHash {
  const root = emptyHash()
  for (const [name, value] of new URLSearchParams(encoded)) place(root, pathOf(name), value, name)
  return root
}

function pathOf(name: string): string[] {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name)
  if (!match) throw invalid(`Invalid parameter name: ${name}`, name)
  const rest = [...(match[2] ?? '').matchAll(/\[([^[\]]*)\]/g)].map((part) => part[1] ?? '')
  return [match[1] ?? '', ...rest]
}

function place(root: FormHash, path: string[], value: string, name: string): void {
  let hash = root
  for (const [depth, part] of path.entries()) {
    const key = part === '' ? String(Object.keys(hash).length) : part
    const existing = hash[key]
    if (depth === path.length - 1) {
      if (typeof existing === 'object') throw invalid(`Invalid parameter: ${name}`, name)
      hash[key] = value
      return
    }
    if (typeof existing === 'string') throw invalid(`Invalid hash: ${name}`, name)
    hash = existing ?? (hash[key] = emptyHash())
  }
}

function emptyHash(): FormHash {
  return Object.create(null) as FormHash
}
