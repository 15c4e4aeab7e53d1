import { S3Error } from './errors.ts'

/** What a policy allows the file's size to be, in bytes. */
export interface SizeRange {
  readonly min: number
  readonly max: number
}

interface FieldCondition {
  readonly kind: 'eq' | 'starts-with'
  readonly field: string
  readonly value: string
}

type Condition = FieldCondition | ({ readonly kind: 'content-length-range' } & SizeRange)

/** Fields that sign or carry the policy, or the file itself: no condition speaks of them. */
const free = new Set(['awsaccesskeyid', 'file', 'policy', 'signature', 'x-amz-signature'])
const maxFileBytes = 5 * 1_024 ** 3

function invalid(what: string): S3Error {
  return new S3Error('InvalidPolicyDocument', `Invalid Policy: ${what}`)
}

function denied(what: string): S3Error {
  return new S3Error('AccessDenied', `Invalid according to Policy: ${what}`)
}

function parseCondition(source: unknown): Condition[] {
  if (Array.isArray(source)) {
    const [kind, first, second] = source as unknown[]
    const name = typeof kind === 'string' ? kind.toLowerCase() : ''
    if (source.length !== 3) throw invalid('a condition needs three elements.')
    if (name === 'content-length-range') {
      const [min, max] = [Number(first), Number(second)]
      if (Number.isSafeInteger(min) && Number.isSafeInteger(max)) return [{ kind: name, min, max }]
    } else if (
      (name === 'eq' || name === 'starts-with') &&
      typeof first === 'string' &&
      first.startsWith('$') &&
      typeof second === 'string'
    ) {
      return [{ kind: name, field: first.slice(1).toLowerCase(), value: second }]
    }
  } else if (typeof source === 'object' && source !== null) {
    return Object.entries(source).map(([field, value]) => {
      if (typeof value !== 'string') throw invalid('a condition has a value that is not a string.')
      return { kind: 'eq', field: field.toLowerCase(), value }
    })
  }
  throw invalid(`an unknown condition: ${JSON.stringify(source)}`)
}

function parsePolicy(encoded: string): { expiresAt: number; conditions: Condition[] } {
  let document: unknown
  try {
    document = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'))
  } catch {
    throw invalid('Invalid JSON.')
  }
  const { expiration, conditions } = (document ?? {}) as Record<string, unknown>
  const expiresAt = typeof expiration === 'string' ? Date.parse(expiration) : Number.NaN
  if (Number.isNaN(expiresAt)) throw invalid('Invalid or missing expiration.')
  if (!Array.isArray(conditions)) throw invalid('Missing conditions.')
  return { expiresAt, conditions: conditions.flatMap(parseCondition) }
}

function holds(condition: FieldCondition, value: string | undefined): boolean {
  if (value === undefined) return false
  if (condition.kind === 'eq') return value === condition.value
  // A content type may be a list; each item must begin as the policy says.
  const items =
    condition.field === 'content-type' ? value.split(',').map((item) => item.trim()) : [value]
  return items.every((item) => item.startsWith(condition.value))
}

/**
 * Checks a form against its policy: not expired, every condition holds, and every field is covered
 * by one. `bucket` is the address, whatever the form says.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 * @returns the sizes that the file may have.
 */
export function checkPolicy(
  encoded: string,
  form: ReadonlyMap<string, string>,
  bucket: string,
  now: number,
): SizeRange {
  const { expiresAt, conditions } = parsePolicy(encoded)
  if (now >= expiresAt) throw denied('Policy expired.')
  const fields = new Map([...form, ['bucket', bucket] as const])
  let size: SizeRange = { min: 0, max: maxFileBytes }
  const covered = new Set(['bucket'])
  for (const condition of conditions) {
    if (condition.kind === 'content-length-range') {
      size = {
        min: Math.max(size.min, condition.min),
        max: Math.min(size.max, condition.max),
      }
      continue
    }
    covered.add(condition.field)
    if (!holds(condition, fields.get(condition.field))) {
      const shown = JSON.stringify([condition.kind, `$${condition.field}`, condition.value])
      throw denied(`Policy Condition failed: ${shown}`)
    }
  }
  const extra = [...form.keys()].filter(
    (name) => !covered.has(name) && !free.has(name) && !name.startsWith('x-ignore-'),
  )
  if (extra.length > 0) throw denied(`Extra input fields: ${extra.join(', ')}`)
  return size
}
