import { constants } from 'node:fs'
import { type FileHandle, open, realpath, stat } from 'node:fs/promises'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { expectText } from '@yuzuru/concurrency/boundary'

/** Neither waits for the writer of a FIFO nor follows a link that took the file's place meanwhile. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW

/** A file is read in pieces of this size. */
const PIECE_BYTES = 64 * 1024

/** What a folder and its files are called in errors. */
export interface FolderNames {
  /** The option that names it: `'attachmentFolder'`. */
  readonly folder: string
  /** `'path of an attachment'` */
  readonly file: string
}

/** A folder that was named, and the only one that its files are read from. */
export class NamedFolder {
  readonly #root: string
  readonly #names: FolderNames

  /** @throws {TypeError} unless `folder` is the path of one */
  constructor(folder: string, names: FolderNames) {
    expectText(names.folder, folder)
    if (folder.includes('\0')) {
      throw new TypeError(`Expected ${names.folder} to be a path, got one with a NUL`)
    }
    this.#root = resolve(folder)
    this.#names = names
  }

  /**
   * The whole path of a file.
   *
   * @throws {TypeError} unless it lies in the folder, by its name
   */
  resolve(path: string): string {
    const whole = resolve(this.#root, path)
    if (path.includes('\0') || !isWithin(this.#root, whole)) {
      const { folder, file } = this.#names
      throw new TypeError(`Expected ${file} to be in ${folder}, got another`)
    }
    return whole
  }

  /**
   * The bytes of a file, piece by piece.
   *
   * @param path what {@link resolve} gave
   * @throws {NoFile} when a symbolic link leads out of the folder, or it is no file
   * @throws {NodeJS.ErrnoException} when it can't be read
   */
  async *read(path: string): AsyncGenerator<Uint8Array, void, undefined> {
    await using file = await this.#open(path)
    for (;;) {
      const piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
      const { bytesRead } = await file.read(piece)
      if (bytesRead === 0) return
      yield piece.subarray(0, bytesRead)
    }
  }

  async #open(path: string): Promise<FileHandle> {
    const real = await this.#realPath(path)
    const file = await open(real, FLAGS)
    try {
      // A folder on the way may have been replaced by a link since it was looked at.
      const opened = await file.stat()
      const found = await stat(await this.#realPath(path))
      if (opened.ino !== found.ino || opened.dev !== found.dev) throw this.#no('OUTSIDE_FOLDER')
      if (!opened.isFile()) throw this.#no('NOT_A_FILE')
      return file
    } catch (error) {
      await file.close()
      throw error
    }
  }

  async #realPath(path: string): Promise<string> {
    const real = await realpath(path)
    if (!isWithin(await realpath(this.#root), real)) throw this.#no('OUTSIDE_FOLDER')
    return real
  }

  #no(code: NoFile['code']): NoFile {
    return new NoFile(this.#names.folder, code)
  }
}

/** For a path that is not of a file in the folder. It does not say which: names are personal data. */
class NoFile extends Error {
  readonly code: 'OUTSIDE_FOLDER' | 'NOT_A_FILE'

  constructor(folder: string, code: NoFile['code']) {
    super(`Expected a file in ${folder}, got something else`)
    this.code = code
  }
}

function isWithin(root: string, path: string): boolean {
  const way = relative(root, path)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}
