import pg from 'pg'

/** What a parameter is on the wire: text, bytes, or NULL. */
export type WireValue = string | Uint8Array | null

/** pg's conversion of JavaScript values into text or bytes, which its published types leave out. */
const { utils } = pg as unknown as {
  readonly utils: { prepareValue(value: unknown): WireValue | undefined }
}

/** What is sent for a parameter: the same as pg sends. */
export function toWire(value: unknown): WireValue {
  return utils.prepareValue(value) ?? null
}
