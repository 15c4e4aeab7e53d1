import { createHash, randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { type Checksum, digestOf } from '../store/checksum.ts'
import { failure, type ObjectCall } from '../store/failure.ts'
import { listInMemory } from './memory-list.ts'
import { memoryObject, type MemoryObject, type NewObject } from './memory-object.ts'
import { checkDigest, clamped, Refusal } from './memory-refusal.ts'
import type {
  CompleteInit,
  CopyInit,
  CopyPartInit,
  CreateUploadInit,
  DeleteFailure,
  GetInit,
  Incoming,
  ListedPart,
  ObjectBackend,
  OpenUpload,
  Page,
  PageRequest,
  PartInit,
  PresignContext,
  PutInit,
  UploadedPart,
  Written,
} from '../store/object-backend.ts'
import { attributesOf, type ObjectInfo } from '../store/object-info.ts'
import { multipartEtag, wholeChecksum } from '../upload/whole-checksum.ts'

interface MemoryUpload extends OpenUpload {
  readonly init: CreateUploadInit
  readonly parts: Map<number, UploadedPart & { readonly bytes: number; readonly body: Uint8Array }>
}

/** A store in memory, as strict as S3 about conditions, checksums, parts and ranges. */
export class MemoryBackend implements ObjectBackend<undefined> {
  readonly client: undefined = undefined
  readonly tellsWhenSent: boolean = false
  readonly keepsConditions: boolean = true
  readonly wantsSha256: boolean = false
  readonly bucket: string
  readonly objects: Map<string, MemoryObject> = new Map()
  readonly uploads: Map<string, MemoryUpload> = new Map()

  constructor(bucket: string) {
    this.bucket = bucket
  }

  translate(subject: ObjectCall, _effect: unknown, error: unknown): Error {
    if (error instanceof Refusal) return failure(subject, error.code, { outcome: 'none' })
    return error instanceof Error
      ? error
      : failure(subject, 'unexpected', { outcome: 'none', cause: error })
  }

  async put(key: string, init: PutInit, signal: AbortSignal): Promise<Written> {
    await turn(signal)
    const { body, digest } = init
    await checkDigest(body, digest)
    const etag = createHash('md5').update(body).digest('hex')
    const checksum: Checksum | undefined =
      digest.algorithm === 'MD5' ? undefined : { ...digest, type: 'FULL_OBJECT' }
    return this.#store(key, { body, etag, checksum, attributes: init, conditions: init })
  }

  async createUpload(key: string, init: CreateUploadInit, signal: AbortSignal): Promise<string> {
    await turn(signal)
    const uploadId = randomUUID()
    const startedAt = new Date()
    this.uploads.set(uploadId, { key, uploadId, startedAt, init, parts: new Map() })
    return uploadId
  }

  async putPart(key: string, init: PartInit, signal: AbortSignal): Promise<string> {
    await turn(signal)
    const { number, digest } = init
    const { parts } = this.#upload(key, init.uploadId)
    await checkDigest(init.body, digest)
    const body = Uint8Array.from(init.body)
    const etag = createHash('md5').update(body).digest('hex')
    parts.set(number, { number, etag, digest, bytes: body.byteLength, body })
    return etag
  }

  async copyPart(key: string, init: CopyPartInit, signal: AbortSignal): Promise<string> {
    const { source, range, uploadId, number } = init
    const { body } = this.#object(source.key, source.etag)
    const { algorithm } = this.#upload(key, uploadId).init
    const piece = body.subarray(range.start, range.end + 1)
    const value = (await digestOf(algorithm, piece)).toString('base64')
    const part = { uploadId, number, body: piece, digest: { algorithm, value } }
    return await this.putPart(key, part, signal)
  }

  async completeUpload(key: string, init: CompleteInit, signal: AbortSignal): Promise<Written> {
    await turn(signal)
    const upload = this.#upload(key, init.uploadId)
    const parts = init.parts.map(({ number, etag }) => {
      const part = upload.parts.get(number)
      if (part === undefined || part.etag !== etag) throw new Refusal('invalid_request')
      return part
    })
    const body = Buffer.concat(parts.map((part) => part.body))
    const { algorithm } = upload.init
    const checksum = algorithm === 'MD5' ? undefined : wholeChecksum(algorithm, parts)
    if (checksum !== undefined && checksum.value !== init.checksum.value) {
      throw new Refusal('checksum_mismatch')
    }
    const etag = multipartEtag(parts)
    const object = { body, etag, checksum, attributes: upload.init, conditions: init }
    const written = this.#store(key, object)
    this.uploads.delete(init.uploadId)
    return written
  }

  async abortUpload(key: string, uploadId: string, signal: AbortSignal): Promise<void> {
    await turn(signal)
    this.#upload(key, uploadId)
    this.uploads.delete(uploadId)
  }

  async hasUpload(key: string, uploadId: string, signal: AbortSignal): Promise<boolean> {
    await turn(signal)
    return this.uploads.get(uploadId)?.key === key
  }

  async listParts(
    key: string,
    uploadId: string,
    signal: AbortSignal,
  ): Promise<readonly ListedPart[]> {
    await turn(signal)
    const parts = [...this.#upload(key, uploadId).parts.values()]
    return parts.sort((a, b) => a.number - b.number)
  }

  async listUploads(prefix: string, signal: AbortSignal): Promise<readonly OpenUpload[]> {
    await turn(signal)
    return [...this.uploads.values()].filter(({ key }) => key.startsWith(prefix))
  }

  async get(key: string, { range, ifMatch }: GetInit, signal: AbortSignal): Promise<Incoming> {
    await turn(signal)
    const { info, body } = this.#object(key, ifMatch)
    if (range === undefined) return { info, range: undefined, body: chunks(body, signal) }
    const { start, end } = clamped(range, body.byteLength)
    const part = body.subarray(start, end + 1)
    const partial = { ...info, checksum: undefined }
    return {
      info: partial,
      range: { start, end, total: body.byteLength },
      body: chunks(part, signal),
    }
  }

  async head(key: string, signal: AbortSignal): Promise<ObjectInfo> {
    await turn(signal)
    return this.#object(key).info
  }

  async list(request: PageRequest, signal: AbortSignal): Promise<Page> {
    await turn(signal)
    return listInMemory(this.objects, request)
  }

  async copy(key: string, { source, attributes }: CopyInit, signal: AbortSignal): Promise<Written> {
    await turn(signal)
    const { info, body, tags } = this.#object(source.key, source.etag)
    const etag = createHash('md5').update(body).digest('hex')
    const algorithm = info.checksum?.algorithm
    const checksum: Checksum | undefined =
      algorithm === undefined
        ? undefined
        : {
            algorithm,
            value: (await digestOf(algorithm, body)).toString('base64'),
            type: 'FULL_OBJECT',
          }
    const same = { ...attributesOf(info), tags }
    return this.#store(key, {
      body,
      etag,
      checksum,
      attributes: attributes ?? same,
      conditions: {},
    })
  }

  async delete(key: string, ifMatch: string | undefined, signal: AbortSignal): Promise<void> {
    await turn(signal)
    if (ifMatch !== undefined && this.objects.has(key)) this.#object(key, ifMatch)
    this.objects.delete(key)
  }

  async deleteMany(
    keys: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly DeleteFailure[]> {
    await turn(signal)
    for (const key of keys) this.objects.delete(key)
    return []
  }

  get presignerNow(): PresignContext {
    return {
      base: `https://fake-storage.invalid/${this.bucket}`,
      region: 'fake-region-1',
      credentials: { accessKeyId: 'fake', secretAccessKey: 'fake-secret-key' },
      now: Date.now(),
    }
  }

  presigner(): Promise<PresignContext> {
    return Promise.resolve(this.presignerNow)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #object(key: string, ifMatch?: string): MemoryObject {
    const object = this.objects.get(key)
    if (object === undefined) throw new Refusal('not_found')
    if (ifMatch !== undefined && unquote(ifMatch) !== object.info.etag) {
      throw new Refusal('precondition_failed')
    }
    return object
  }

  #upload(key: string, uploadId: string): MemoryUpload {
    const upload = this.uploads.get(uploadId)
    if (upload?.key !== key) throw new Refusal('not_found')
    return upload
  }

  #store(key: string, made: NewObject): Written {
    const { etag, checksum } = made
    const { ifMatch, ifNoneMatch } = made.conditions
    if (ifNoneMatch === '*' && this.objects.has(key)) throw new Refusal('precondition_failed')
    if (ifMatch !== undefined) this.#object(key, ifMatch)
    this.objects.set(key, memoryObject(key, made))
    return { etag, checksum, versionId: undefined }
  }
}

/** As a request would, it takes a turn of the event loop and obeys the signal. */
async function turn(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  await setImmediate()
  signal.throwIfAborted()
}

async function* chunks(
  bytes: Uint8Array,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let start = 0; start < bytes.byteLength; start += 65_536) {
    await turn(signal)
    yield Uint8Array.from(bytes.subarray(start, start + 65_536))
  }
}

function unquote(etag: string): string {
  return etag.replaceAll('"', '')
}
