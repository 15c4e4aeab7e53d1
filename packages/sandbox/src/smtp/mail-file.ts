import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder, openToAppend, replaceFile } from '../own-files.ts'
import { parseMessage, type Envelope, type InboxMessage } from './message.ts'

interface Line {
  receivedAt: string
  envelope: Envelope
  /** Base64: a message may hold any bytes. */
  raw: string
}

const toLine = ({ receivedAt, envelope, raw }: InboxMessage): string =>
  `${JSON.stringify({
    receivedAt: receivedAt.toISOString(),
    envelope,
    raw: Buffer.from(raw).toString('base64'),
  } satisfies Line)}\n`

/** A line cut short by a kill is left out: its sender never got a yes. */
async function parseLine(line: string): Promise<InboxMessage | undefined> {
  let entry: Line
  try {
    entry = JSON.parse(line)
  } catch {
    return undefined
  }
  return parseMessage(Buffer.from(entry.raw, 'base64'), entry.envelope, new Date(entry.receivedAt))
}

/** The inbox on disk: one JSON line a message. */
export interface MailFile {
  /** What was there at the start. */
  readonly messages: readonly InboxMessage[]
  /** Settles when the message is in the file. */
  append(message: InboxMessage): Promise<void>
  clear(): Promise<void>
  close(): Promise<void>
}

/** Opens `inbox.jsonl` in `dir` and keeps the newest `limit` messages of it. */
export async function openMailFile(dir: string, limit: number): Promise<MailFile> {
  await makeFolder(dir)
  const path = join(dir, 'inbox.jsonl')
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const lines = text.split('\n').filter((line) => line !== '')
  const parsed = await Promise.all(lines.slice(-limit).map(parseLine))
  const messages = parsed.filter((message) => message !== undefined)
  await replaceFile(path, messages.map(toLine).join(''))
  const file = await openToAppend(path)
  // One write at a time, or two long lines could mix.
  let last: Promise<void> = Promise.resolve()
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = last.then(work)
    last = turn.catch(() => {})
    return turn
  }
  return {
    messages,
    append: (message) => inTurn(() => file.appendFile(toLine(message))),
    clear: () => inTurn(() => file.truncate(0)),
    close: () => inTurn(() => file.close()),
  }
}
