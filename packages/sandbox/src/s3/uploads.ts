import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Blobs, Segment } from './blobs.ts'
import type { ChecksumAlgorithm, ChecksumType } from './checksums.ts'
import { S3Error } from './errors.ts'
import { assertNoLink } from '../own-files.ts'
import { readJsonFolder, stageJson } from './sidecar.ts'
import { compareKeys } from './sorted-keys.ts'
import type { StoredObject } from './stored-object.ts'

/** A part as uploaded last under its number. */
export interface UploadedPart {
  readonly number: number
  readonly segment: Segment
  /** Without its quotes: the MD5 of the part. */
  readonly etag: string
  readonly modifiedAt: number
  /** In base64, by algorithm. */
  readonly checksums: Partial<Record<ChecksumAlgorithm, string>>
}

/** A multipart upload that has begun and has neither been completed nor aborted. */
export interface Upload {
  readonly id: string
  readonly key: string
  readonly startedAt: number
  readonly headers: StoredObject['headers']
  readonly tags: StoredObject['tags']
  /** `undefined`: the client chose none; the object gets a CRC64NVME of its bytes. */
  readonly algorithm?: ChecksumAlgorithm
  readonly checksumType: ChecksumType
}

interface OpenUpload {
  readonly upload: Upload
  readonly parts: Map<number, UploadedPart>
}

/** The multipart uploads of a bucket: a folder each, with a sidecar for itself and each part. */
export class Uploads {
  readonly #dir: string
  readonly #blobs: Blobs
  readonly #open: Map<string, OpenUpload>

  private constructor(dir: string, blobs: Blobs, open: Map<string, OpenUpload>) {
    this.#dir = dir
    this.#blobs = blobs
    this.#open = open
  }

  static async open(dir: string, blobs: Blobs): Promise<Uploads> {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const open = new Map<string, OpenUpload>()
    for (const id of await readdir(dir)) {
      await assertNoLink(join(dir, id))
      await assertNoLink(join(dir, id, 'upload.json'))
      await assertNoLink(join(dir, id, 'parts'))
      const text = await readFile(join(dir, id, 'upload.json'), 'utf8').catch(() => undefined)
      if (text === undefined) {
        // A crash between the folder and its sidecar: nobody knows this id.
        await rm(join(dir, id), { recursive: true, force: true })
        continue
      }
      const parts = await readJsonFolder<UploadedPart>(join(dir, id, 'parts'))
      const byNumber = new Map(parts.map((part) => [part.number, part]))
      open.set(id, { upload: JSON.parse(text) as Upload, parts: byNumber })
    }
    return new Uploads(dir, blobs, open)
  }

  /** In S3's order: by key, then by the time of initiation. */
  list(): Upload[] {
    const all = [...this.#open.values()].map(({ upload }) => upload)
    return all.sort(
      (a, b) => compareKeys(a.key, b.key) || a.startedAt - b.startedAt || compareKeys(a.id, b.id),
    )
  }

  async begin(upload: Omit<Upload, 'id'>): Promise<Upload> {
    const begun: Upload = { ...upload, id: randomBytes(32).toString('base64url') }
    const folder = join(this.#dir, begun.id)
    await mkdir(join(folder, 'parts'), { recursive: true, mode: 0o700 })
    const staged = await stageJson(this.#blobs, begun)
    staged.moveTo(join(folder, 'upload.json'))
    this.#open.set(begun.id, { upload: begun, parts: new Map() })
    return begun
  }

  #find(key: string, id: string): OpenUpload {
    const found = this.#open.get(id)
    if (found?.upload.key === key) return found
    throw new S3Error('NoSuchUpload', undefined, { UploadId: id })
  }

  /** @throws S3Error `NoSuchUpload` */
  get(key: string, id: string): Upload {
    return this.#find(key, id).upload
  }

  /** In ascending order of their numbers. @throws S3Error `NoSuchUpload` */
  parts(key: string, id: string): UploadedPart[] {
    return [...this.#find(key, id).parts.values()].sort((a, b) => a.number - b.number)
  }

  /**
   * Keeps a part; one with the same number is replaced. An upload that ended while the part was on
   * its way does not get it: its bytes are removed. @throws S3Error `NoSuchUpload`
   */
  async put(key: string, id: string, part: UploadedPart): Promise<void> {
    const staged = await stageJson(this.#blobs, part)
    let before: UploadedPart | undefined
    try {
      const { parts } = this.#find(key, id)
      staged.moveTo(join(this.#dir, id, 'parts', `${part.number}.json`))
      before = parts.get(part.number)
      parts.set(part.number, part)
    } catch (error) {
      await staged.discard()
      await this.#blobs.remove([part.segment])
      throw error
    }
    if (before) await this.#blobs.remove([before.segment])
  }

  /**
   * Takes the upload out of the list, at once: later requests get `NoSuchUpload`. `chosen`
   * are the parts that the caller looked at; one replaced since then is no longer there.
   * @throws S3Error `NoSuchUpload`, `InvalidPart`
   */
  claim(key: string, id: string, chosen: readonly UploadedPart[] = []): UploadedPart[] {
    const { parts } = this.#find(key, id)
    if (chosen.some((part) => parts.get(part.number) !== part)) throw new S3Error('InvalidPart')
    this.#open.delete(id)
    return [...parts.values()]
  }

  /** Removes a claimed upload from disk, with the bytes of these parts. */
  async bury(id: string, parts: readonly UploadedPart[]): Promise<void> {
    // Renamed first: a crash in mid-removal must not leave an upload with some of its parts.
    const grave = this.#blobs.path(`ended-${id}`)
    await rename(join(this.#dir, id), grave)
    await rm(grave, { recursive: true, force: true })
    await this.#blobs.remove(parts.map((part) => part.segment))
  }

  /**
   * Ends the uploads whose parts an object already owns: a crash came between the object's commit
   * and the upload's end.
   */
  async endCompleted(owned: ReadonlySet<string>): Promise<void> {
    for (const { upload, parts } of this.#open.values()) {
      const all = [...parts.values()]
      const rest = all.filter((part) => !owned.has(part.segment.file))
      if (rest.length === all.length) continue
      this.#open.delete(upload.id)
      await this.bury(upload.id, rest)
    }
  }

  /** Every data file that a part refers to. */
  files(): string[] {
    return [...this.#open.values()].flatMap(({ parts }) =>
      [...parts.values()].map((part) => part.segment.file),
    )
  }
}
