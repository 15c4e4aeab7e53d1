import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The declarations of Google's own client, which are made from the API's discovery document. */
const source = readFileSync(
  fileURLToPath(new URL('./v3.d.ts', import.meta.resolve('@googleapis/calendar'))),
  'utf8',
)

/** A field that is one of these names has fields of its own; else it is a scalar, or a map. */
export interface DeclaredFields {
  readonly [name: string]: string | DeclaredFields
}

/** The fields of a resource: `Event`, `CalendarListEntry` … */
export function declaredFields(schema: string): DeclaredFields {
  return fieldsIn(bodyOf(`interface Schema$${schema} `))
}

/** The query parameters of a method such as `events.insert`; those of its path among them. */
export function declaredParameters(method: string): string[] {
  const [resource = '', verb = ''] = method.split('.')
  const name = `${capital(resource.toLowerCase())}$${capital(verb)}`
  const body = bodyOf(`interface Params$Resource$${name} `)
  return Object.keys(fieldsIn(body)).filter((each) => each !== 'requestBody')
}

/** The scopes of which the reference says that a method needs one, without their common beginning. */
export function declaredScopes(method: string): string[] {
  const [resource = '', verb = ''] = method.split('.')
  const body = bodyOf(`class Resource$${capital(resource.toLowerCase())} `)
  const call = body.indexOf(` ${verb}(params: `)
  const comment = body.slice(body.lastIndexOf('/**', call), call)
  return [...new Set([...comment.matchAll(/auth\/([\w.]+)'/g)].map(([, scope]) => scope ?? ''))]
}

function bodyOf(head: string): string {
  const at = source.indexOf(head)
  if (at < 0) throw new Error(`Google's types declare no ${head}`)
  return source.slice(source.indexOf('{\n', at) + 2, source.indexOf('\n    }\n', at))
}

/** A generated file has one field, or one bracket, a line. */
function fieldsIn(body: string): DeclaredFields {
  const top: Record<string, string | DeclaredFields> = {}
  const stack = [top]
  for (const line of body.replaceAll(/\/\*\*[\s\S]*?\*\//g, '').split('\n')) {
    const field = /^\s*'?([\w-]+)'?\?: (.*?);?$/.exec(line)
    if (field) {
      const [, name = '', type = ''] = field
      const here = stack.at(-1)
      if (type === '{') {
        const inner: Record<string, string | DeclaredFields> = {}
        if (here) here[name] = inner
        stack.push(inner)
      } else if (here) here[name] = type
    } else if (/^\s*\[key: string\]/.test(line)) {
      const here = stack.at(-1)
      if (here) here['*'] = line.replace(/^.*\]: (.*);$/, '$1')
    } else if (/^\s*\}/.test(line)) stack.pop()
  }
  return top
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
