import { GetObjectCommand, PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import { parseContentRange } from '../store/content-range.ts'
import { getFields, type ObjectBytes, writtenOf } from './object-bytes.ts'
import type { GetInit, Incoming, PartInit, PutInit, Written } from '../store/object-backend.ts'
import { attributeFields, conditionFields, digestFields, infoOf } from './s3-fields.ts'
import type { S3Sender } from './s3-sender.ts'
import { confirmedEtag } from '../store/unconfirmed.ts'

/** Transfers the bytes of objects with a client that was passed in. */
export class SdkBytes implements ObjectBytes {
  readonly #sender: S3Sender
  readonly #at: { readonly Bucket: string }

  constructor(bucket: string, sender: S3Sender) {
    this.#sender = sender
    this.#at = { Bucket: bucket }
  }

  async put(key: string, init: PutInit, signal: AbortSignal): Promise<Written> {
    const input = {
      ...this.#at,
      Key: key,
      Body: init.body,
      ContentLength: init.body.byteLength,
      ...attributeFields(init),
      ...conditionFields(init),
      ...digestFields(init.digest),
    }
    return writtenOf(await this.#sender.send(new PutObjectCommand(input), signal))
  }

  async putPart(key: string, init: PartInit, signal: AbortSignal): Promise<string> {
    const input = {
      ...this.#at,
      Key: key,
      UploadId: init.uploadId,
      PartNumber: init.number,
      Body: init.body,
      ContentLength: init.body.byteLength,
      ...digestFields(init.digest),
    }
    const { ETag } = await this.#sender.send(new UploadPartCommand(input), signal)
    return confirmedEtag(ETag)
  }

  async get(key: string, init: GetInit, signal: AbortSignal): Promise<Incoming | undefined> {
    const command = new GetObjectCommand({ ...this.#at, Key: key, ...getFields(init) })
    // Not with `ChecksumMode`: the SDK would then compute the checksum as well.
    command.middlewareStack.add(
      (next) => (args) => {
        ;(args.request as { headers: Record<string, string> }).headers['x-amz-checksum-mode'] =
          'ENABLED'
        return next(args)
      },
      { step: 'build', name: 'yuzuruChecksumMode' },
    )
    const output = await this.#sender.send(command, signal)
    const whole = output.$metadata.httpStatusCode === 200
    const part = whole ? undefined : parseContentRange(output.ContentRange)
    if (!whole && part === undefined) throw new Error('the store gave no valid Content-Range')
    const body = bytesOf(output.Body)
    const total = part?.total ?? output.ContentLength
    if (total === undefined) {
      await body[Symbol.asyncIterator]().return?.()
      return undefined
    }
    return { info: infoOf(key, output, total), range: part, body }
  }
}

/** The bytes of a body of the SDK. */
function bytesOf(body: unknown): AsyncIterable<Uint8Array> {
  if (typeof body === 'object' && body !== null && Symbol.asyncIterator in body) {
    return body as AsyncIterable<Uint8Array>
  }
  throw new TypeError('Expected a client whose bodies are Node streams')
}
