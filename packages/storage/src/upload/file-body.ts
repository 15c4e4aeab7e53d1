import { type FileHandle, open, stat } from 'node:fs/promises'
import type { FilledBody } from './open-body.ts'

/** Reads a file directly into the memory of parts, without chunks in between. */
export class FileBody implements FilledBody {
  readonly #path: string
  #file: Promise<FileHandle> | undefined = undefined
  #position = 0

  constructor(path: string) {
    this.#path = path
  }

  async size(): Promise<number> {
    return (await stat(this.#path)).size
  }

  async readInto(target: Uint8Array): Promise<number> {
    this.#file ??= open(this.#path)
    const file = await this.#file
    const { bytesRead } = await file.read(target, 0, target.byteLength, this.#position)
    this.#position += bytesRead
    return bytesRead
  }

  discard(): void {
    // `close` waits for a read that is under way.
    this.#file?.then((file) => file.close()).catch(() => undefined)
    this.#file = undefined
  }
}
