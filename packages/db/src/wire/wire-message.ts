import type { WireValue } from './wire-value.ts'

/*
 * The messages of the query protocol that this package sends.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

/** Bind without parameters, and Execute. */
const BIND_EXECUTE = Buffer.from('420000000c000000000000000045000000090000000000', 'hex')
/** Describe of the portal, and Execute. */
const DESCRIBE_EXECUTE = Buffer.from('4400000006500045000000090000000000', 'hex')

/** Ends a batch. The server answers it, and after an error ignores everything before it. */
export const SYNC: Buffer = Buffer.from('5300000004', 'hex')

/** Several statements in one message, which the server separates. */
export function scriptMessage(text: string): Buffer {
  const size = Buffer.byteLength(text)
  const message = Buffer.allocUnsafe(size + 6)
  message[0] = 0x51
  message.writeInt32BE(size + 5, 1)
  message.write(text, 5, 'utf8')
  message[size + 5] = 0
  return message
}

/** Executes a statement without parameters, without a description of its rows. */
export function executeMessages(text: string): Buffer {
  return text === 'begin' ? BEGIN : madeExecuteMessages(text)
}

function madeExecuteMessages(text: string): Buffer {
  const size = Buffer.byteLength(text)
  const message = Buffer.allocUnsafe(size + 9 + BIND_EXECUTE.length)
  writeParse(message, text, size)
  BIND_EXECUTE.copy(message, size + 9)
  return message
}

/** Most transactions begin like this. */
const BEGIN = madeExecuteMessages('begin')

/** Prepares a statement under a name of up to 63 ASCII characters. */
export function parseMessage(name: string, text: string): Buffer {
  const size = Buffer.byteLength(text)
  const message = Buffer.alloc(name.length + size + 9)
  message[0] = 0x50
  message.writeInt32BE(message.length - 1, 1)
  message.write(name, 5, 'latin1')
  message.write(text, 6 + name.length, 'utf8')
  return message
}

/** Deallocates the statement that was prepared under a name, if any. */
export function closeMessage(name: string): Buffer {
  const message = Buffer.alloc(name.length + 7)
  message[0] = 0x43
  message.writeInt32BE(name.length + 6, 1)
  message[5] = 0x53
  message.write(name, 6, 'latin1')
  return message
}

/** Executes a prepared statement without parameters. */
export function executeNamedMessages(name: string): Buffer {
  const message = Buffer.alloc(name.length + BIND_EXECUTE.length)
  message[0] = 0x42
  message.writeInt32BE(name.length + 12, 1)
  message.write(name, 6, 'latin1')
  BIND_EXECUTE.copy(message, name.length + 13, 13)
  return message
}

/** Executes a statement with these parameters, with a description of its rows. */
export function queryMessages(text: string, values: readonly WireValue[]): Buffer {
  const size = Buffer.byteLength(text)
  const bound = bindMessage('', values)
  const message = Buffer.allocUnsafe(size + 9 + bound.length + DESCRIBE_EXECUTE.length)
  const at = writeParse(message, text, size)
  bound.copy(message, at)
  DESCRIBE_EXECUTE.copy(message, at + bound.length)
  return message
}

/** Describe of the portal. */
export const DESCRIBE: Buffer = DESCRIBE_EXECUTE.subarray(0, 7)
/** Executes the portal. */
export const EXECUTE: Buffer = DESCRIBE_EXECUTE.subarray(7)

/** Binds parameters to the statement that was prepared under a name (`''`: the unnamed one). */
export function bindMessage(name: string, values: readonly WireValue[]): Buffer {
  const sizes = values.map(sizeOf)
  const count = values.length
  let size = name.length + 14 + 6 * count
  for (const each of sizes) size += Math.max(0, each)
  const message = Buffer.allocUnsafe(size + 1)
  message[0] = 0x42
  message.writeInt32BE(size, 1)
  message[5] = 0
  message.write(name, 6, 'latin1')
  let at = 6 + name.length
  message[at] = 0
  at = message.writeUInt16BE(count, at + 1)
  for (const value of values) at = message.writeInt16BE(value instanceof Uint8Array ? 1 : 0, at)
  at = message.writeUInt16BE(count, at)
  values.forEach((value, index) => {
    at = message.writeInt32BE(sizes[index] ?? -1, at)
    if (typeof value === 'string') at += message.write(value, at, 'utf8')
    else if (value !== null) {
      message.set(value, at)
      at += value.length
    }
  })
  // All columns as text.
  message.writeInt32BE(0x0001_0000, at)
  return message
}

function sizeOf(value: WireValue): number {
  if (value === null) return -1
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length
}

function writeParse(message: Buffer, text: string, size: number): number {
  message[0] = 0x50
  message.writeInt32BE(size + 8, 1)
  message[5] = 0
  message.write(text, 6, 'utf8')
  message[size + 6] = 0
  message.writeInt16BE(0, size + 7)
  return size + 9
}
