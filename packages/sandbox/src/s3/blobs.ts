import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Disk } from './disk.ts'

/** A file of bytes that never changes once written; an object is one or more of them in order. */
export interface Segment {
  readonly file: string
  readonly size: number
}

const { O_NOFOLLOW, O_RDONLY } = constants

const readBytes = 256 * 1_024

/**
 * The data files of a bucket, under random names. A file belongs to an object once that object's
 * sidecar names it; anything else is rubbish, which `sweep` removes at the next start.
 */
export class Blobs {
  readonly #dir: string
  readonly #disk: Disk
  readonly #readers = new Map<string, number>()
  readonly #doomed = new Set<string>()

  constructor(dir: string, disk: Disk = new Disk()) {
    this.#dir = dir
    this.#disk = disk
  }

  /** Removes every file that nothing refers to: what a crash in mid-upload left. */
  async sweep(referenced: ReadonlySet<string>): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 })
    const files = await readdir(this.#dir)
    await this.#unlink(files.filter((file) => !referenced.has(file)))
  }

  /** @throws {Error} unless it is a name such as are given here: a sidecar may be from elsewhere. */
  path(file: string): string {
    if (!/^[\w-]{1,100}$/.test(file)) {
      throw new Error(
        'Refusing to use a data file that lies elsewhere: its sidecar is not of this server',
      )
    }
    return join(this.#dir, file)
  }

  /** Writes a stream to a new file, one chunk at a time; a stream that fails leaves no file. */
  async write(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Segment> {
    const file = randomUUID()
    const handle = await open(this.path(file), 'wx', 0o600)
    let size = 0
    try {
      for await (const chunk of chunks) {
        this.#disk.take(chunk.byteLength)
        for (let at = 0; at < chunk.byteLength;) {
          at += (await handle.write(chunk, at)).bytesWritten
        }
        size += chunk.byteLength
      }
      await handle.close()
    } catch (error) {
      await handle.close()
      await this.#unlink([file])
      throw this.#disk.explain(error)
    }
    return { file, size }
  }

  /**
   * Keeps these files until disposed, even when their object is overwritten or deleted meanwhile:
   * a download that has begun ends with the bytes it began with.
   */
  pin(segments: readonly Segment[]): AsyncDisposable {
    const files = segments.map((segment) => segment.file)
    for (const file of files) this.#readers.set(file, (this.#readers.get(file) ?? 0) + 1)
    return { [Symbol.asyncDispose]: () => this.#release(files) }
  }

  /** The bytes from `start` to `end` (inclusive) of the segments laid end to end. */
  async *read(
    segments: readonly Segment[],
    start: number,
    end: number,
  ): AsyncGenerator<Buffer, void, undefined> {
    let base = 0
    for (const { file, size } of segments) {
      const from = Math.max(0, start - base)
      const to = Math.min(size - 1, end - base)
      base += size
      if (from > to) continue
      const handle = await open(this.path(file), O_RDONLY | O_NOFOLLOW)
      try {
        for (let at = from; at <= to;) {
          const length = Math.min(readBytes, to - at + 1)
          const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, at)
          if (bytesRead === 0) throw new Error(`Data file ${file} is shorter than its sidecar says`)
          at += bytesRead
          yield buffer.subarray(0, bytesRead)
        }
      } finally {
        await handle.close()
      }
    }
  }

  /** Removes files; those that are being read, as soon as the last reader has ended. */
  async remove(segments: readonly Segment[]): Promise<void> {
    const files = segments.map((segment) => segment.file)
    const busy = files.filter((file) => this.#readers.has(file))
    for (const file of busy) this.#doomed.add(file)
    await this.#unlink(files.filter((file) => !this.#readers.has(file)))
  }

  async #release(files: readonly string[]): Promise<void> {
    const gone: string[] = []
    for (const file of files) {
      const left = (this.#readers.get(file) ?? 1) - 1
      if (left > 0) {
        this.#readers.set(file, left)
        continue
      }
      this.#readers.delete(file)
      if (this.#doomed.delete(file)) gone.push(file)
    }
    await this.#unlink(gone)
  }

  async #unlink(files: readonly string[]): Promise<void> {
    for (const file of files) await rm(this.path(file), { force: true, recursive: true })
  }
}
