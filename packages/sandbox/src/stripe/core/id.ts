import { randomBytes } from 'node:crypto'

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A new id such as `cus_8JzL0qRk3mWv1x`: the prefix, then `length` letters and digits. */
export function newId(prefix: string, length = 24): string {
  const tail = Array.from(randomBytes(length), (byte) => letters[byte % letters.length]).join('')
  return `${prefix}_${tail}`
}
