import { connect, type Socket } from 'node:net'

/** What the server said no with: its message and its SQLSTATE. */
export class PostgresRefusal extends Error {
  override readonly name = 'PostgresRefusal'
  readonly sqlState: string

  constructor(message: string, sqlState: string) {
    super(message)
    this.sqlState = sqlState
  }
}

/** Frontend/backend protocol 3.0: a message is one letter (but for the first), a length that counts itself, a body. */
function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(type.length + 4)
  head.write(type, 'latin1')
  head.writeInt32BE(body.length + 4, type.length)
  return Buffer.concat([head, body])
}

function startup(user: string, database: string): Buffer {
  const version = Buffer.from([0, 3, 0, 0])
  return message(
    '',
    Buffer.concat([version, Buffer.from(`user\0${user}\0database\0${database}\0\0`)]),
  )
}

async function* backendMessages(socket: Socket): AsyncGenerator<{ type: string; body: Buffer }> {
  let pending: Buffer = Buffer.alloc(0)
  const chunks: AsyncIterable<Buffer> = socket
  for await (const chunk of chunks) {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 5) {
      const length = pending.readInt32BE(1)
      if (pending.length < length + 1) break
      yield { type: pending.toString('latin1', 0, 1), body: pending.subarray(5, length + 1) }
      pending = pending.subarray(length + 1)
    }
  }
}

function refusal(body: Buffer): PostgresRefusal {
  const fields = new Map<string, string>()
  for (const field of body.toString('utf8').split('\0')) fields.set(field.charAt(0), field.slice(1))
  return new PostgresRefusal(fields.get('M') ?? 'unknown error', fields.get('C') ?? 'XX000')
}

function row(body: Buffer): (string | null)[] {
  const values: (string | null)[] = []
  let at = 2
  for (let count = body.readInt16BE(0); count > 0; count -= 1) {
    const length = body.readInt32BE(at)
    at += 4
    if (length < 0) {
      values.push(null)
    } else {
      values.push(body.toString('utf8', at, at + length))
      at += length
    }
  }
  return values
}

/** How to reach the server as its superuser: the socket's folder lets in nobody else, so no password is asked. */
export interface AdminAddress {
  socketPath: string
  user: string
  database: string
}

/**
 * Runs one statement by the simple query protocol on a connection of its own and returns its rows as text.
 *
 * Not covered: passwords, TLS, COPY, parameters.
 *
 * @throws {PostgresRefusal} when the server refuses the connection or the statement.
 */
export async function adminQuery(
  address: AdminAddress,
  sql: string,
  signal?: AbortSignal,
): Promise<(string | null)[][]> {
  const socket = connect({ path: address.socketPath, ...(signal && { signal }) })
  try {
    socket.write(startup(address.user, address.database))
    const rows: (string | null)[][] = []
    let asked = false
    let failure: PostgresRefusal | undefined
    for await (const { type, body } of backendMessages(socket)) {
      if (type === 'R' && body.readInt32BE(0) !== 0) {
        throw new Error('The server asks for a password on its admin socket')
      }
      if (type === 'D') rows.push(row(body))
      if (type === 'E') failure = refusal(body)
      if (type === 'Z') {
        if (failure) throw failure
        if (asked) return rows
        asked = true
        socket.write(message('Q', Buffer.from(`${sql}\0`)))
      }
    }
    throw failure ?? new Error('The server closed the connection')
  } finally {
    if (!socket.destroyed) socket.end(message('X', Buffer.alloc(0)))
  }
}

/** A name as SQL takes it, whatever is in it. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A text as SQL takes it (`standard_conforming_strings` is on). */
export const quoteLiteral = (text: string): string => `'${text.replaceAll("'", "''")}'`
