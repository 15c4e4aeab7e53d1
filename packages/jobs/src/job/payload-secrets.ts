import { isSecretName, Redaction, SecretSpellings } from '@yuzuru/concurrency/boundary'

/** Longer payloads are not looked through: their errors are redacted by what they look like alone. */
const LONGEST_PAYLOAD = 262_144

/** Where a name and its value are fields of their own: `{ "name": "token", "value": … }`. */
const LABELS = ['name', 'key', 'field', 'param', 'parameter', 'id']
const CONTENTS: ReadonlySet<string> = new Set(['value', 'val', 'content'])

interface Place {
  readonly value: unknown
  readonly isSecret: boolean
}

/**
 * The redaction for what a job's handler throws: what is in its payload under the name of a secret may come
 * back in it, in whatever sentence. Other values stay, as they are what explains a failure: ids and the like.
 *
 * @param payload as JSON
 */
export function redactionOf(payload: string): Redaction {
  const secrets = new SecretSpellings()
  if (payload.length > LONGEST_PAYLOAD) return new Redaction()
  // Not by recursion: how deep it is, its sender decides.
  const open: Place[] = [{ value: parsed(payload), isSecret: false }]
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    const { value, isSecret } = each
    if (isSecret && (typeof value === 'string' || typeof value === 'number')) {
      secrets.add(String(value), true)
    }
    if (typeof value === 'object' && value !== null) open.push(...placesIn(value, isSecret))
  }
  return new Redaction(secrets)
}

function placesIn(value: object, isSecret: boolean): Place[] {
  const isPaired = LABELS.some((label) => isNameOfSecret(Reflect.get(value, label)))
  return Object.entries(value).map(([name, inner]: [string, unknown]) => ({
    value: inner,
    isSecret: isSecret || isSecretName(name) || (isPaired && CONTENTS.has(name)),
  }))
}

function isNameOfSecret(name: unknown): boolean {
  return typeof name === 'string' && isSecretName(name)
}

/** What cannot be read has nothing to look for. */
function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload)
  } catch {
    return undefined
  }
}
