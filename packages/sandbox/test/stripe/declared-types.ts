import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** One field of an interface, as stripe-node declares it. */
interface Field {
  readonly name: string
  readonly isOptional: boolean
  readonly type: string
}

type Declaration =
  | { readonly kind: 'alias'; readonly type: string; readonly scope: string }
  | { readonly kind: 'interface'; readonly fields: readonly Field[]; readonly scope: string }

/** Everything that a file declares, by its full name: `Invoice`, `Invoice.AutomaticTax` … */
export type Declarations = ReadonlyMap<string, Declaration>

const folder = fileURLToPath(new URL('./resources/', import.meta.resolve('stripe')))

const files = new Map<string, Declarations>()

/** The declarations of one file of `stripe/esm/resources`, such as `Checkout/Sessions`. */
export function declarationsIn(file: string): Declarations {
  const known = files.get(file)
  if (known) return known
  const source = readFileSync(`${folder}${file}.d.ts`, 'utf8')
  const parsed = parse(source.replaceAll(/\/\*[\s\S]*?\*\//g, ''))
  files.set(file, parsed)
  return parsed
}

/** A generated file has one declaration, one field or one bracket a line. */
function parse(source: string): Declarations {
  const declarations = new Map<string, Declaration>()
  const scopes: string[] = []
  const lines = source.split('\n').map((line) => line.trim())
  let fields: Field[] | undefined
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    const namespace = /^(?:export )?(?:declare )?namespace (\w+) \{/.exec(line)
    const opened = /^(?:export )?interface (\w+)(?: extends .*)? \{(\})?$/.exec(line)
    const alias = /^(?:export )?type (\w+) = (.*?);?$/.exec(line)
    const field = /^(\w+)(\?)?: (.*)$/.exec(line)
    if (fields && field) {
      let type = field[3] ?? ''
      while (depthOf(type) > 0) type += ` ${lines[(at += 1)] ?? ''}`
      fields.push({
        name: field[1] ?? '',
        isOptional: field[2] !== undefined,
        type: type.replace(/;$/, ''),
      })
    } else if (fields && line === '}') fields = undefined
    else if (namespace) scopes.push(namespace[1] ?? '')
    else if (opened) {
      const scope = scopes.join('.')
      const own: Field[] = []
      declarations.set(join(scope, opened[1] ?? ''), { kind: 'interface', fields: own, scope })
      if (opened[2] === undefined) fields = own
    } else if (alias) {
      const scope = scopes.join('.')
      const name = join(scope, alias[1] ?? '')
      let type = alias[2] ?? ''
      while (depthOf(type) > 0) type += ` ${lines[(at += 1)] ?? ''}`
      declarations.set(name, { kind: 'alias', scope, type: type.replace(/;$/, '') })
    } else if (!fields && line === '}') scopes.pop()
  }
  return declarations
}

function depthOf(type: string): number {
  return Array.from(type).reduce((depth, sign) => {
    if ('{<('.includes(sign)) return depth + 1
    return '}>)'.includes(sign) ? depth - 1 : depth
  }, 0)
}

export function join(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`
}

/** The parts of a union; brackets hold together what is in them. */
export function unionOf(type: string): string[] {
  const parts: string[] = []
  let depth = 0
  let part = ''
  for (const sign of type) {
    if ('{<('.includes(sign)) depth += 1
    if ('}>)'.includes(sign)) depth -= 1
    if (sign === '|' && depth === 0) {
      parts.push(part.trim())
      part = ''
    } else part += sign
  }
  return [...parts, part.trim()]
}
