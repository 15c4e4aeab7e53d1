import { createHmac, timingSafeEqual } from 'node:crypto'

/** Packs a value into an opaque, signed string: page tokens and sync tokens. */
export function sealToken(key: string, value: object): string {
  const payload = Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${payload}.${sign(key, payload)}`
}

/** The value, or undefined when the string was not made with this key or was altered. */
export function openToken(key: string, token: string): unknown {
  const [payload = '', signature = ''] = token.split('.', 2)
  const [given, own] = [Buffer.from(signature), Buffer.from(sign(key, payload))]
  if (given.length !== own.length || !timingSafeEqual(given, own)) return undefined
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as unknown
}

function sign(key: string, payload: string): string {
  return createHmac('sha256', key).update(payload).digest('base64url').slice(0, 22)
}
